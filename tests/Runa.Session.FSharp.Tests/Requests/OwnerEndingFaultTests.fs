/// Ending an owner's sessions while the store fails, loses answers, or holds what cannot be read.
module Runa.Session.Tests.OwnerEndingFaultTests

open System.IO
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Logging
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Damage
open Runa.Session.Tests.OwnedSessions
open Runa.Session.Tests.Requests

/// Deleting this key fails as long as `isFaulty`, alone and among others.
let private faultyKey (inner: SessionDriver) =
    let mutable key = ValueNone
    let mutable isFaulty = true
    let isHit k = isFaulty && ValueSome k = key
    let fail () : ValueTask<'T> = ValueTask<'T>(Task.FromException<'T>(IOException "this one fails"))

    let driver =
        { inner with
            Delete = fun k token -> if isHit k then fail () else inner.Delete k token
            DeleteMany = fun keys token -> if List.exists isHit keys then fail () else inner.DeleteMany keys token
            Place = DriverPlace.Store }

    driver, (fun k -> key <- ValueSome k), (fun () -> isFaulty <- false)

/// This key is not on the list, so that only its tombstone leads to it.
let private without (hidden: StoreKey) (session: SessionDefinition) : SessionDefinition =
    let index = session.Driver.Owners.Value

    let owners =
        { index with
            List =
                fun scope owner from token ->
                    ValueTask<OwnedPage>(
                        task {
                            let! page = index.List scope owner from token
                            let items = page.Items |> List.filter (fun item -> item.Key <> hidden)
                            return { page with Items = items }
                        }
                    ) }

    { session with Driver = { session.Driver with Owners = ValueSome owners } }

[<Tests>]
let tests =
    testList
        "OwnerEnding faults"
        [ testCase "promise 9: a session that cannot be deleted does not keep the others alive, and is reported"
          <| fun () ->
              let clock = clock ()
              let driver, setKey, mend = faultyKey (memory clock)
              let session = web clock driver
              let tokens = many session 250
              setKey (keyOf session tokens[120])
              let e = raised<SessionsLeftException, _>(fun () -> endAll session)
              (e.Ended, e.Left) |> Expect.equal "told" (249, 1)
              (e.InnerException :? SessionStoreException) |> Expect.isTrue "its cause"
              tokens |> List.filter (isAlive session) |> Expect.equal "one lives" [ tokens[120] ]
              mend ()
              wait (endAll session) |> Expect.equal "the next call ends it" 1
              isAlive session tokens[120] |> Expect.isFalse "dead"

          testCase "promise 14, 27: SessionsLeftException is a SessionStoreException, and names nobody"
          <| fun () ->
              let driver, session = counting ()
              let tokens = many session 3
              driver.Behave <- TestDriver.Only([ StoreOperation.Delete ], Behaviour.FailBefore)
              let e = raised<SessionStoreException, _>(fun () -> endAll session)
              (e :? SessionsLeftException) |> Expect.isTrue "the kind"
              e.Message |> Expect.stringContains "the session" "\"web\""
              e.Message |> Expect.stringContains "what to do" "Call again"

              for secret in "alice" :: [ for token in tokens -> StoreKey.toText (keyOf session token) ] do
                  (string e).Contains secret |> Expect.isFalse "promise 5"

          testCase "promise 9: a store that is down is left alone after a few tries, and the rest counts as left"
          <| fun () ->
              let driver, session = counting ()
              many session 250 |> ignore
              driver.Forget()
              driver.Behave <- TestDriver.Only([ StoreOperation.Delete ], Behaviour.FailBefore)
              let e = raised<SessionsLeftException, _>(fun () -> endAll session)
              (e.Ended, e.Left) |> Expect.equal "of the first page" (0, 100)
              e.Message |> Expect.stringContains "and there is more" "broke off"
              Expect.isLessThanOrEqual "tries" (driver.Count StoreOperation.Delete, 6)

          testCase "promise 9: a list that fails half-way is reported, and the next call goes on"
          <| fun () ->
              let driver, session = counting ()
              let tokens = many session 250

              driver.Behave <-
                  TestDriver.Script [ StoreOperation.List, Behaviour.Pass; StoreOperation.List, Behaviour.FailBefore ]

              let e = raised<SessionsLeftException, _>(fun () -> endAll session)
              (e.Ended, e.Left) |> Expect.equal "told" (100, 0)
              wait (endAll session) |> Expect.equal "the rest" 150
              tokens |> List.exists (isAlive session) |> Expect.isFalse "none is alive"

          testCase
              "promise 9, 27: on a store too full for a new epoch the sessions end, then the epoch, then what signed in"
          <| fun () ->
              let driver, session = counting ()
              let tokens = many session 3
              let mutable late = ""

              driver.Behave <-
                  let script =
                      TestDriver.Script
                          [ StoreOperation.Advance, Behaviour.FailBefore; StoreOperation.Advance, Behaviour.Pass ]

                  fun operation ->
                      if operation = StoreOperation.Advance && driver.Count operation = 2 then
                          late <- signIn session "alice"

                      script operation

              wait (endAll session) |> Expect.equal "all, the late one too" 4
              late :: tokens |> List.exists (isAlive session) |> Expect.isFalse "none is alive"
              driver.Count StoreOperation.Advance |> Expect.equal "tried again" 2

          testCase "promise 9, 27: if the epoch cannot be changed at all, the sessions end and the error says so"
          <| fun () ->
              let driver, session = counting ()
              let tokens = many session 3
              driver.Behave <- TestDriver.Only([ StoreOperation.Advance ], Behaviour.FailBefore)
              let e = raised<SessionsLeftException, _>(fun () -> endAll session)
              (e.Ended, e.Left) |> Expect.equal "told" (3, 0)
              e.Message |> Expect.stringContains "what is left" "sign-ins that were under way"
              tokens |> List.exists (isAlive session) |> Expect.isFalse "none is alive"

          testCase "promise 27: a batch whose answer was lost is counted, and its tombstones are followed"
          <| fun () ->
              let driver, session = counting ()
              let moved = signIn session "alice"
              let next = tokenOf (wait (step session moved Session.regenerate))
              let others = many session 5

              let session = without (keyOf session next) session
              driver.Behave <- TestDriver.Script [ StoreOperation.Delete, Behaviour.FailAfter ]
              wait (endAll session) |> Expect.equal "counted" 6
              next :: others |> List.exists (isAlive session) |> Expect.isFalse "none is alive"

          testCase "promise 9, 27: what a tombstone leads to ends, even if it cannot be loaded first"
          <| fun () ->
              let driver, session = counting ()
              let moved = signIn session "alice"
              let next = tokenOf (wait (step session moved Session.regenerate))
              let hiding = without (keyOf session next) session
              driver.Behave <- TestDriver.Only([ StoreOperation.Load ], Behaviour.FailBefore)
              wait (endAll hiding) |> Expect.equal "counted" 1
              driver.Behave <- fun _ -> Behaviour.Pass
              isAlive session next |> Expect.isFalse "dead"

          testCase "promise 9, 27: a session that moved after it was listed ends, though the answer to its end was lost"
          <| fun () ->
              let driver, session = counting ()
              let token = signIn session "alice"
              let mutable next = ""

              driver.Behave <-
                  function
                  | StoreOperation.Delete when next = "" ->
                      next <- "moving"
                      next <- tokenOf (wait (step session token Session.regenerate))
                      Behaviour.FailAfter
                  | _ -> Behaviour.Pass

              endAll session |> wait |> ignore
              isAlive session next |> Expect.isFalse "dead"

          testCase
              "promise 27: a record that cannot be read is left out of the list, and ends with the others, both told"
          <| fun () ->
              let clock = clock ()
              let store = DamagedStore(memory clock)
              let session, log = logging (web clock store.Driver)
              let tokens = many session 5
              let key = keyOf session tokens[2]
              store.Damage key
              (listed session).Length |> Expect.equal "four" 4
              wait (endAll session) |> Expect.equal "four that could be read" 4

              log ()
              |> List.map (fun (level, name, _) -> level, name)
              |> Expect.equal "told" (List.replicate 2 (LogLevel.Error, "UnreadableOwned"))

              (session.Driver.Load key none).AsTask() |> wait |> Expect.equal "it is gone" ValueNone
              tokens |> List.exists (isAlive session) |> Expect.isFalse "none is alive"

          testCase "promise 27: a record that cannot be read ends by its handle, where the owner's list has it"
          <| fun () ->
              let clock = clock ()
              let store = DamagedStore(memory clock)
              let session = web clock store.Driver
              let key = keyOf session (signIn session "alice")
              let handle = StoreKey.toText key
              store.Damage key
              OwnerSessions.revoke session "bob" handle none |> wait |> Expect.isFalse "not bob's"
              OwnerSessions.revoke session "alice" handle none |> wait |> Expect.isTrue "hers"
              (session.Driver.Load key none).AsTask() |> wait |> Expect.equal "it is gone" ValueNone ]
