module Runa.Session.Tests.SessionLifecycleTests

open System
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Primitives
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

let private counting () =
    let clock = clock ()
    let driver = TestDriver.Counting(memory clock)
    clock, driver, web clock driver.Driver

/// Says of the first so many fresh keys that they exist.
let private colliding times (inner: SessionDriver) =
    let mutable left = times

    { inner with
        Create =
            fun key record token ->
                if left > 0 then
                    left <- left - 1
                    ValueTask<bool> false
                else
                    inner.Create key record token }

[<Tests>]
let tests =
    testList
        "SessionLifecycle"
        [ testCase "promise 6, 8, 25: without a genuine token the store is not asked"
          <| fun () ->
              let _, driver, session = counting ()
              let token = start session increment
              driver.Forget()
              let last = if token[67] = 'A' then 'B' else 'A'

              for text in [ ""; "x=1"; string (header session (token.Substring(0, 67) + string last)) ] do
                  let loaded = (Engine.load session (StringValues text)).AsTask() |> wait
                  loaded.Status |> Expect.equal "new" SessionStatus.New

              driver.Calls |> Expect.equal "no call" []

          testCase "promise 10: a genuine token whose session is gone reads as Expired, and empty"
          <| fun () ->
              let clock, _, session = counting ()
              let token = start session increment
              clock.Advance(TimeSpan.FromHours 2.)
              let found = find session token
              Session.status found |> Expect.equal "status" SessionStatus.Expired
              Session.isEmpty found |> Expect.isTrue "empty"

          testCase "promise 3: a store key that exists already is not adopted: another id is made"
          <| fun () ->
              let clock = clock ()
              let session = web clock (colliding 3 (memory clock))
              let token = start session increment
              Session.getOr count 0 (find session token) |> Expect.equal "stored" 1

          testCase "a driver for which every key exists is an error"
          <| fun () ->
              let clock = clock ()
              let session = web clock (colliding 100 (memory clock))
              let e = raised<SessionStoreException, _>(fun () -> step session "" increment)
              e.MayHaveBeenSaved |> Expect.isFalse "nothing was saved"

          testCase "promise 4: a rekey creates the new record before it replaces the old one by a tombstone"
          <| fun () ->
              let _, driver, session = counting ()
              let token = start session (Session.signIn "alice")
              driver.Forget()
              step session token Session.regenerate |> wait |> ignore

              driver.Calls
              |> List.filter _.IsWrite
              |> Expect.equal "order" [ StoreOperation.Create; StoreOperation.Replace ]

          testCase "promise 4: after a rekey the new token has everything, the old one nothing"
          <| fun () ->
              let _, _, session = counting ()
              let token = start session (Session.signIn "alice" >> increment)
              let stepped = wait (step session token Session.regenerate)
              let found = find session (tokenOf stepped)
              Session.getOr count 0 found |> Expect.equal "the value" 1
              Session.owner found |> Expect.equal "the owner" (Some "alice")
              Session.isEmpty (find session token) |> Expect.isTrue "the old one"
              (wait (step session token id)).Cookie.IsNone |> Expect.isTrue "sets no cookie"

          testCase "promise 9: a logout with the old token ends the new session, over several rekeys"
          <| fun () ->
              let _, _, session = counting ()
              let first = start session increment
              let second = tokenOf (wait (step session first Session.regenerate))
              let third = tokenOf (wait (step session second Session.regenerate))
              let stepped = wait (step session first Session.signOut)
              stepped.Cookie.IsExpire |> Expect.isTrue "the cookie is taken back"
              Session.status (find session third) |> Expect.equal "dead" SessionStatus.Expired

          testCase "promise 14: a rekey whose tombstone fails takes the new record back, and the session stays"
          <| fun () ->
              let _, driver, session = counting ()
              let token = start session increment
              driver.Behave <- TestDriver.Script [ StoreOperation.Replace, Behaviour.FailBefore ]
              let e = raised<SessionStoreException, _>(fun () -> step session token Session.regenerate)
              (e.InnerException :? StoreDown) |> Expect.isTrue "the cause"
              e.MayHaveBeenSaved |> Expect.isFalse "certain, after the old record was written anew"
              driver.Count StoreOperation.Delete |> Expect.equal "taken back" 1
              Session.getOr count 0 (find session token) |> Expect.equal "as before" 1

          testCase "promise 4, 12: a rekey whose tombstone stands, though its answer was lost, is done"
          <| fun () ->
              let _, driver, session = counting ()
              let token = start session increment
              driver.Behave <- TestDriver.Only([ StoreOperation.Replace ], Behaviour.FailAfter)
              let stepped = wait (step session token Session.regenerate)
              Session.getOr count 0 (find session (tokenOf stepped)) |> Expect.equal "whole" 1

          testCase "promise 12: a write whose answer was lost is found by its version, and not applied twice"
          <| fun () ->
              let _, driver, session = counting ()
              let token = start session increment
              driver.Behave <- TestDriver.Only([ StoreOperation.Replace ], Behaviour.FailAfter)
              let stepped = wait (step session token increment)
              stepped.IsWritten |> Expect.isTrue "done"
              Session.getOr count 0 (find session token) |> Expect.equal "once" 2

          testCase "promise 12: a create whose answer was lost is found by its version, and its token given out"
          <| fun () ->
              let _, driver, session = counting ()
              driver.Behave <- TestDriver.Only([ StoreOperation.Create ], Behaviour.FailAfter)
              let token = start session increment
              Session.getOr count 0 (find session token) |> Expect.equal "once" 1
              driver.Count StoreOperation.Create |> Expect.equal "one create" 1

          testCase "promise 14: a write whose answer was lost, and that cannot be looked for, may have been saved"
          <| fun () ->
              let _, driver, session = counting ()
              let token = start session increment

              driver.Behave <-
                  TestDriver.Script
                      [ StoreOperation.Load, Behaviour.Pass
                        StoreOperation.Replace, Behaviour.FailAfter
                        StoreOperation.Load, Behaviour.FailBefore ]

              let e = raised<SessionStoreException, _>(fun () -> step session token increment)
              e.MayHaveBeenSaved |> Expect.isTrue "unknown"

          testCase "promise 12, 14: a write whose answer was lost and that another one has replaced is not run again"
          <| fun () ->
              let _, driver, session = counting ()
              let token = start session increment
              let mutable inBetween = true

              driver.Behave <-
                  function
                  | StoreOperation.Replace when inBetween -> Behaviour.FailAfter
                  | StoreOperation.Load when inBetween && driver.Count StoreOperation.Replace > 0 ->
                      inBetween <- false
                      step session token increment |> wait |> ignore
                      Behaviour.Pass
                  | _ -> Behaviour.Pass

              let e = raised<SessionStoreException, _>(fun () -> step session token increment)
              e.MayHaveBeenSaved |> Expect.isTrue "unknown"
              Session.getOr count 0 (find session token) |> Expect.equal "each once" 3

          testCase
              "promise 9: a sign-out under an exchanged token that failed half-way ends the session when it is tried again"
          <| fun () ->
              let _, driver, session = counting ()
              let token = start session increment
              let next = tokenOf (wait (step session token Session.regenerate))
              driver.Behave <- TestDriver.Script [ StoreOperation.Delete, Behaviour.FailAfter ]
              raised<SessionStoreException, _>(fun () -> step session token Session.signOut) |> ignore
              step session token Session.signOut |> wait |> ignore
              Session.status (find session next) |> Expect.equal "ended" SessionStatus.Expired

          testCase "promise 15: a new sign-in in place of the old session that fails has not ended the old one"
          <| fun () ->
              let _, driver, session = counting ()
              let token = start session (Session.signIn "alice" >> increment)
              driver.Behave <- TestDriver.Only([ StoreOperation.Epoch ], Behaviour.FailBefore)

              raised<SessionStoreException, _>(fun () -> step session token (Session.signOut >> Session.signIn "bob"))
              |> ignore

              driver.Behave <- fun _ -> Behaviour.Pass
              Session.owner (find session token) |> Expect.equal "still hers" (Some "alice")

          testCase "promise 9: a sign-out with a goodbye ends the session on a store that refuses what is new"
          <| fun () ->
              let _, driver, session = counting ()
              let session = { session with Driver = { session.Driver with IsRefusal = fun _ -> true } }
              let token = start session (Session.signIn "alice" >> increment)
              driver.Behave <- TestDriver.Only([ StoreOperation.Create ], Behaviour.FailBefore)

              let e =
                  raised<SessionStoreException, _>(fun () ->
                      step session token (Session.signOut >> Session.set count 1))

              e.MayHaveBeenSaved |> Expect.isFalse "refused"
              driver.Behave <- fun _ -> Behaviour.Pass
              Session.status (find session token) |> Expect.equal "ended" SessionStatus.Expired

          testCase
              "promise 27: a sign-in that races a revocation of its owner loses, and the visitor's session stays usable"
          <| fun () ->
              let _, driver, session = counting ()
              let token = start session increment
              let gate = TaskCompletionSource()
              driver.Behave <- TestDriver.Only([ StoreOperation.Create ], Behaviour.Wait gate.Task)
              let signingIn = step session token (Session.signIn "alice")
              OwnerSessions.revokeOwner session "alice" Threading.CancellationToken.None |> wait |> ignore
              gate.SetResult()
              let e = raised<SessionConflictException, _>(fun () -> signingIn)
              e.Message |> Expect.stringContains "says why" "ended at the same time"
              Session.owner (find session token) |> Expect.equal "not signed in" None
              Session.getOr count 0 (find session token) |> Expect.equal "as before" 1
              let next = tokenOf (wait (step session token (Session.signIn "alice")))
              Session.owner (find session next) |> Expect.equal "the next one works" (Some "alice")

          testCase
              "promise 18: too large is an error before anything is stored or deleted, with sizes and the largest key"
          <| fun () ->
              let clock = clock ()
              let driver = TestDriver.Counting(memory clock)
              let session = webWith clock driver.Driver (fun o -> { o with MaxBytes = 100 })
              let token = start session increment
              let big = Session.set note (String('x', 200))

              for change in [ big; Session.regenerate >> big; Session.signOut >> big ] do
                  driver.Forget()
                  let e = raised<SessionTooLargeException, _>(fun () -> step session token change)
                  (e.Session, e.Limit, string e.LargestKey) |> Expect.equal "facts" ("web", 100, "note")
                  Expect.isGreaterThan "size" (e.Size, 200)
                  driver.Calls |> List.filter _.IsWrite |> Expect.equal "nothing" []

          testCase "a sign-in starts creation and absolute end again; a regenerate keeps both"
          <| fun () ->
              let clock, _, session = counting ()
              let token = start session increment
              let created = Session.createdAt (find session token)
              clock.Advance(TimeSpan.FromHours 1.)
              let regenerated = (wait (step session token Session.regenerate))
              Session.createdAt regenerated.Snapshot.Session |> Expect.equal "kept" created
              Session.expiresAt regenerated.Snapshot.Session |> Expect.equal "kept" (created.AddHours 2.)
              let signedIn = (wait (step session (tokenOf regenerated) (Session.signIn "alice"))).Snapshot.Session
              Session.createdAt signedIn |> Expect.equal "now" (created.AddHours 1.)
              Session.expiresAt signedIn |> Expect.equal "two hours from now" (created.AddHours 3.)

          testCase "a sign-in over another owner's session starts from empty, over one's own it does not"
          <| fun () ->
              let _, _, session = counting ()
              let token = start session (Session.signIn "alice" >> increment >> Session.flash notice "private")
              let again = tokenOf (wait (step session token (Session.signIn "alice")))
              Session.getOr count 0 (find session again) |> Expect.equal "kept" 1
              let bob = find session (tokenOf (wait (step session again (Session.signIn "bob"))))
              Session.owner bob |> Expect.equal "owner" (Some "bob")
              Session.keys bob |> Expect.equal "no values" []
              fst (Session.takeFlashes notice bob) |> Expect.equal "no flashes" []

          testCase "promise 7, 21: another lifetime counts from creation, is capped, and sends the cookie again"
          <| fun () ->
              let clock, _, session = counting ()
              let token = start session increment
              let created = Session.createdAt (find session token)
              clock.Advance(TimeSpan.FromHours 1.)
              let stepped = wait (step session token (Session.withLifetime (TimeSpan.FromDays 365.)))
              Session.expiresAt stepped.Snapshot.Session |> Expect.equal "30 days" (created.AddDays 30.)
              tokenOf stepped |> Expect.equal "the same token" token
              (wait (step session token increment)).Cookie.IsNone |> Expect.isTrue "not sent again" ]
