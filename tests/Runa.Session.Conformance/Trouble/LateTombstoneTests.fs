/// A change of ids whose last write is not answered in time, and lands later.
module internal Runa.Session.Conformance.LateTombstoneTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Sites

/// The first tombstone is answered by a timeout, and stands once so many later calls have been made.
[<Sealed>]
type private LateDriver(driver: SessionDriver, calls: int) =
    let mutable late: (unit -> Task) option = None
    let mutable left = calls
    let mutable isDone = false

    let land' () : Task =
        task {
            match late with
            | Some write ->
                late <- None
                do! write ()
            | None -> ()
        }

    let after (call: unit -> ValueTask<'T>) : ValueTask<'T> =
        ValueTask<'T>(
            task {
                if late.IsSome then
                    if left = 0 then do! land' () else left <- left - 1

                return! call ()
            }
        )

    let put key version record : Task =
        task {
            let! _ = driver.Replace key version record CancellationToken.None
            ()
        }

    /// It lands at the latest now.
    member _.Land() : Task = land' ()

    member _.WasLate = isDone

    member _.Driver: SessionDriver =
        { driver with
            Load = fun key token -> after (fun () -> driver.Load key token)
            Create = fun key record token -> after (fun () -> driver.Create key record token)
            Replace =
                fun key version record token ->
                    if SessionRecord.isTombstone record && not isDone then
                        isDone <- true
                        late <- Some(fun () -> put key version record)
                        ValueTask<ReplaceResult>(
                            Task.FromException<ReplaceResult>(TimeoutException "The store does not answer.")
                        )
                    else
                        after (fun () -> driver.Replace key version record token)
            Touch = fun key idleExpiresAt token -> after (fun () -> driver.Touch key idleExpiresAt token)
            Delete = fun key token -> after (fun () -> driver.Delete key token)
            DeleteMany = fun keys token -> after (fun () -> driver.DeleteMany keys token) }

/// Where the session is, from the store key of before the change on.
let private find (driver: SessionDriver) (key: StoreKey) : Task<SessionRecord voption> =
    let rec follow key (steps: int) =
        task {
            match! Ask.load driver key with
            | ValueSome { Kind = RecordKind.Moved successor } when steps > 0 -> return! follow successor (steps - 1)
            | found -> return found
        }

    follow key 5

let private steps: (string * (Session -> Session)) list =
    [ "regenerate", Session.regenerate
      "a sign-in", Session.signIn "alice"
      "a sign-in with a change", Session.signIn "alice" >> Session.set text "changed" ]

/// Whether the request was answered. It may fail by the store, or by a conflict with itself.
let private isAnswered (request: unit -> Task<'T>) : Task<bool> =
    task {
        try
            let! _ = request ()
            return true
        with
        | :? SessionStoreException
        | :? SessionConflictException -> return false
    }

let tests (under: DriverUnderTest) : Test =
    let test = Bench.test under [ Need.Store; Need.Swap ]

    /// A browser with a session, then a change of ids whose tombstone lands after so many calls, some of later requests.
    let scene (bench: Bench) (calls: int) (step: Session -> Session) =
        task {
            let late = LateDriver(bench.Driver, calls)
            let site =
                bench.Own(new Site(late.Driver, bench.Clock, Site.NewApplication(), Site.Secrets, settings bench))
            let browser = Browser()
            let! _ = site.Step browser (Session.set visits 1)
            let! key = site.KeyOf browser
            let stale = browser.Copy()
            let! answered = isAnswered (fun () -> site.Step browser step)
            late.WasLate |> Expect.isTrue "a tombstone was written"
            return late, site, browser, stale, key, answered
        }

    testList
        "late tombstones"
        [ test "promise 4: a tombstone that lands late loses no session: the old one stands, or the new one does"
          <| fun bench ->
              task {
                  for what, step in steps do
                      for calls in 0..10 do
                          let! late, site, browser, stale, key, answered = scene bench calls step
                          // Later requests of the browser, in between which it may land.
                          let! _ = isAnswered (fun () -> site.Load browser)
                          let! _ = isAnswered (fun () -> site.Step (stale.Copy()) increment)
                          do! late.Land()

                          match! find bench.Driver key with
                          | ValueSome record when not (SessionRecord.isTombstone record) -> ()
                          | _ -> failtest $"{what}, landing after {calls} calls: the session is gone"

                          if answered then
                              let! session = site.Load browser

                              if (Session.tryGet visits session).IsNone then
                                  failtest $"{what}, landing after {calls} calls: it was answered, and is not there"
              }

          test "promise 4, 9: after a tombstone that lands late, a logout with the old cookie still ends the session"
          <| fun bench ->
              task {
                  for what, step in steps do
                      for calls in 0..10 do
                          let! late, site, browser, stale, key, _ = scene bench calls step
                          do! late.Land()
                          let! isOut = isAnswered (fun () -> site.Step (stale.Copy()) Session.signOut)
                          isOut |> Expect.isTrue $"{what}, landing after {calls} calls: the logout"

                          match! find bench.Driver key with
                          | ValueSome record when not (SessionRecord.isTombstone record) ->
                              failtest $"{what}, landing after {calls} calls: alive after the logout"
                          | _ -> ()

                          for tab in [ browser; stale ] do
                              let! alive = isAlive site tab
                              alive
                              |> Expect.isFalse
                                  $"{what}, landing after {calls} calls: a cookie is good after the logout"
              } ]
