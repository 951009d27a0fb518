/// Promise 17: a record that cannot be read, and how to live on.
module Runa.Session.Tests.UnreadableTests

open System
open System.IO
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Logging
open Runa.Session
open Runa.Session.Tests.Damage
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

let private none = CancellationToken.None

let private damagedWith change (inner: SessionDriver -> SessionDriver) =
    let clock = clock ()
    let store = DamagedStore(memory clock)
    let session, log = logging (webWith clock (inner store.Driver) change)
    store, session, (fun () -> log () |> List.map (fun (level, name, _) -> level, name))

let private damaged () = damagedWith id id

/// A session whose record cannot be read.
let private ruined (store: DamagedStore) session change =
    let token = start session change
    let key = (wait (load session token)).Place.Key
    store.Damage key
    token, key

let private stands (session: SessionDefinition) key =
    try
        ((session.Driver.Load key none).AsTask() |> wait).IsSome
    with :? InvalidDataException ->
        true

let private strict (o: SessionSettings) = { o with OnUnreadable = OnUnreadable.Error }

[<Tests>]
let tests =
    testList
        "Unreadable"
        [ testCase "a record that cannot be read counts as gone; reading it is an error in the log, and writes nothing"
          <| fun () ->
              let store, session, log = damaged ()
              let token, key = ruined store session increment
              let found = (wait (step session token id)).Snapshot.Session
              (Session.status found, Session.isEmpty found) |> Expect.equal "gone" (SessionStatus.Expired, true)
              log () |> Expect.equal "told" [ LogLevel.Error, "Unreadable" ]
              stands session key |> Expect.isTrue "left as it is"

          testCase
              "it counts as gone however the driver says that it cannot be read: at once, in a task, or by throwing"
          <| fun () ->
              let throwing (driver: SessionDriver) =
                  let load key token =
                      let loaded = driver.Load key token
                      if loaded.IsFaulted then
                          raise (InvalidDataException "bad JSON")
                      loaded

                  { driver with Load = load }

              let later (driver: SessionDriver) =
                  let load key token =
                      ValueTask<SessionRecord voption>(
                          task {
                              do! Task.Yield()
                              return! driver.Load key token
                          }
                      )

                  { driver with Load = load; Place = DriverPlace.Store }

              for inner in [ id; throwing; throwing >> later; later ] do
                  let store, session, _ = damagedWith id inner
                  let token, _ = ruined store session increment
                  Session.status (find session token) |> Expect.equal "gone" SessionStatus.Expired

          testCase
              "promise 3: the next write stores under a new id, sets the cookie, and deletes what could not be read"
          <| fun () ->
              let store, session, _ = damaged ()
              let token, key = ruined store session increment
              let next = tokenOf (wait (step session token increment))
              (next <> token) |> Expect.isTrue "a new id"
              Session.getOr count 0 (find session next) |> Expect.equal "as of a new visitor" 1
              stands session key |> Expect.isFalse "deleted"

          testCase "a sign-in too"
          <| fun () ->
              let store, session, _ = damaged ()
              let token, key = ruined store session (Session.signIn "alice")
              let next = tokenOf (wait (step session token (Session.signIn "alice")))
              Session.owner (find session next) |> Expect.equal "signed in" (Some "alice")
              stands session key |> Expect.isFalse "deleted"

          testCase "if the unreadable record cannot be deleted, the write is kept all the same, and a warning says so"
          <| fun () ->
              let clock = clock ()
              let store = DamagedStore(memory clock)
              let driver = TestDriver.Failing(store.Driver, [ StoreOperation.Delete ])
              let session, log = logging (web clock driver.Driver)
              let token, _ = ruined store session increment
              let next = tokenOf (wait (step session token increment))
              Session.getOr count 0 (find session next) |> Expect.equal "stored" 1
              log () |> List.map (fun (_, name, _) -> name) |> Expect.contains "told" "NotRemoved"

          testCase "promise 9: a logout deletes an unreadable record and expires the cookie"
          <| fun () ->
              let store, session, _ = damaged ()
              let token, key = ruined store session (Session.signIn "alice")
              let stepped = wait (step session token Session.signOut)
              stepped.Cookie.IsExpire |> Expect.isTrue "the cookie"
              stands session key |> Expect.isFalse "deleted"

          testCase "promise 9: a logout follows a tombstone to a successor that cannot be read"
          <| fun () ->
              let store, session, _ = damaged ()
              let token = start session increment
              let next = tokenOf (wait (step session token Session.regenerate))
              let key = (wait (load session next)).Place.Key
              store.Damage key
              wait (step session token Session.signOut) |> ignore
              stands session key |> Expect.isFalse "deleted"

          testCase
              "promise 12: a write that meets an unreadable record in place of the loaded one runs again on an empty session"
          <| fun () ->
              let store, session, _ = damaged ()
              let token = start session increment
              let loaded = wait (load session token)
              store.Damage loaded.Place.Key

              for change in [ increment; Session.regenerate >> increment ] do
                  let run = Engine.run session null loaded null WhenGone.StepAgain (fun s -> struct (change s, ()))
                  let stepped = wait (run.AsTask())
                  Session.getOr count 0 (find session (tokenOf stepped)) |> Expect.equal "from an empty one" 1

          testCase
              "promise 9: if somebody was signed in, nothing of an unreadable session is saved in a stranger's session"
          <| fun () ->
              let store, session, _ = damaged ()
              let token = start session (Session.signIn "alice")
              let loaded = wait (load session token)
              store.Damage loaded.Place.Key
              raised<SessionConflictException, _>(fun () -> commit session loaded (increment loaded.Session))
              |> ignore

          testCase "on_unreadable = \"error\": every request raises, a read and a write alike, and nothing is deleted"
          <| fun () ->
              let store, session, _ = damagedWith strict id
              let token, key = ruined store session increment

              for change in [ id; increment; Session.signOut ] do
                  let e = raised<SessionStoreException, _>(fun () -> step session token change)
                  (e.InnerException :? InvalidDataException) |> Expect.isTrue "its cause"
                  e.MayHaveBeenSaved |> Expect.isFalse "nothing was written"

              stands session key |> Expect.isTrue "left as it is"

          testCase "promise 5: neither the log nor the error names a token, a key or an owner"
          <| fun () ->
              let clock = clock ()
              let store = DamagedStore(memory clock)
              let session, log = logging (web clock store.Driver)
              let token, key = ruined store session (Session.signIn "alice")
              wait (step session token increment) |> ignore
              let error =
                  raised<SessionStoreException, _>(fun () ->
                      load { session with Settings = strict session.Settings } (fst (ruined store session increment)))
              let lines = string error :: [ for _, _, text in log () -> text ]

              for secret in [ token; StoreKey.toText key; "alice" ] do
                  lines |> List.exists (fun line -> line.Contains secret) |> Expect.isFalse "none" ]
