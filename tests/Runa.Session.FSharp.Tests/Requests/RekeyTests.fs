/// Promise 4: whatever becomes of a tombstone on its way, the old session or the new one stands.
module Runa.Session.Tests.RekeyTests

open System
open System.IO
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

/// Its answer to one write of a kind is an error; the write itself comes after so many further calls, or when it is asked for.
type private LateStore(inner: SessionDriver, isLate: SessionRecord -> bool, after: int) =
    let mutable pending: (unit -> unit) list = []
    let mutable left = after
    let mutable isArmed = true
    let lost () : ValueTask<'T> = ValueTask<'T>(Task.FromException<'T>(IOException "the connection broke"))

    let land () =
        let due = List.rev pending
        pending <- []
        due |> List.iter (fun write -> write ())

    let pass (call: unit -> ValueTask<'T>) : ValueTask<'T> =
        if not pending.IsEmpty then
            if left = 0 then land () else left <- left - 1

        call ()

    let orLate record (call: unit -> ValueTask<'T>) : ValueTask<'T> =
        if isArmed && isLate record then
            isArmed <- false
            pending <- (fun () -> (call ()).AsTask() |> wait |> ignore) :: pending
            lost ()
        else
            pass call

    member _.Land() = land ()

    member _.Driver =
        { inner with
            Load = fun key token -> pass (fun () -> inner.Load key token)
            Create = fun key record token -> orLate record (fun () -> inner.Create key record token)
            Replace = fun key version record token -> orLate record (fun () -> inner.Replace key version record token)
            Delete = fun key token -> pass (fun () -> inner.Delete key token)
            Place = DriverPlace.Store }

let private isAlive session token = Session.status (find session token) = SessionStatus.Active

/// A rekey whose tombstone is late: the tokens that the browser may hold afterwards, and what the request raised.
let private lateRekey after change =
    let clock = clock ()
    let late = LateStore(memory clock, SessionRecord.isTombstone, after)
    let session = web clock late.Driver
    let token = start session (Session.signIn "alice" >> increment)

    let outcome =
        try
            Ok(tokenOf (wait (step session token change)))
        with e ->
            Error e

    late, session, token, outcome

let private changes = [ "regenerate", Session.regenerate; "sign-in", Session.signIn "alice" ]

[<Tests>]
let tests =
    testList
        "Rekey"
        [ testCase "promise 4: a tombstone that lands at any time after its answer was lost loses no session"
          <| fun () ->
              for what, change in changes do
                  for after in 0..8 do
                      let late, session, token, outcome = lateRekey after change
                      late.Land()

                      match outcome with
                      | Ok next ->
                          Session.getOr count 0 (find session next) |> Expect.equal $"{what}, {after}: the new one" 1
                          isAlive session token |> Expect.isFalse $"{what}, {after}: not the old one"
                      | Error(:? SessionStoreException as e) ->
                          e.MayHaveBeenSaved |> Expect.isFalse $"{what}, {after}: certain"
                          Session.getOr count 0 (find session token) |> Expect.equal $"{what}, {after}: the old one" 1
                      | Error e -> failtest $"{what}, {after}: {e}"

                      // One is left, and nobody's list shows another.
                      (wait (OwnerListing.list session "alice" CancellationToken.None)).Length
                      |> Expect.equal $"{what}, {after}: one" 1

          testCase "promise 9: a logout or a revocation after a late tombstone leaves no session"
          <| fun () ->
              for after in 0..8 do
                  let late, session, token, outcome = lateRekey after Session.regenerate
                  late.Land()
                  wait (step session token Session.signOut) |> ignore
                  isAlive session token |> Expect.isFalse "the old one"
                  outcome |> Result.iter (fun next -> isAlive session next |> Expect.isFalse "the new one")

          testCase "promise 4, 14: if nobody can tell, both records stay and the error says that it may have been saved"
          <| fun () ->
              let clock = clock ()
              let driver = TestDriver.Counting(memory clock)
              let late = LateStore(driver.Driver, SessionRecord.isTombstone, 100)
              let session = web clock late.Driver
              let token = start session (Session.signIn "alice" >> increment)
              driver.Behave <- TestDriver.Only([ StoreOperation.Replace ], Behaviour.FailBefore)
              let e = raised<SessionStoreException, _>(fun () -> step session token Session.regenerate)
              e.MayHaveBeenSaved |> Expect.isTrue "unknown"
              driver.Count StoreOperation.Delete |> Expect.equal "nothing was taken back" 0
              isAlive session token |> Expect.isTrue "the old one stands"
              driver.Behave <- fun _ -> Behaviour.Pass
              late.Land()
              // The tombstone has landed: what it leads to is there, for a logout at least.
              (wait (load session token)).IsSuperseded |> Expect.isTrue "it has moved"
              (wait (OwnerListing.list session "alice" CancellationToken.None)).Length
              |> Expect.equal "the new one" 1
              wait (step session token Session.signOut) |> ignore
              OwnerListing.list session "alice" CancellationToken.None
              |> wait
              |> Expect.equal "a logout ends it" []

          testCase
              "promise 12: a change of another request after a lost tombstone is kept, and the rekey goes on from it"
          <| fun () ->
              let clock = clock ()
              let driver = TestDriver.Counting(memory clock)
              let session = web clock driver.Driver
              let token = start session increment
              let mutable replaces = 0

              driver.Behave <-
                  function
                  | StoreOperation.Replace ->
                      replaces <- replaces + 1

                      if replaces = 1 then
                          Behaviour.FailBefore
                      else
                          // Before the fence: somebody else's write.
                          if replaces = 2 then
                              wait (step session token increment) |> ignore

                          Behaviour.Pass
                  | _ -> Behaviour.Pass

              let next = tokenOf (wait (step session token Session.regenerate))
              Session.getOr count 0 (find session next) |> Expect.equal "both" 2
              isAlive session token |> Expect.isFalse "not the old one"

          testCase "promise 14: what the store refused for certain was not saved; nothing is looked for or written anew"
          <| fun () ->
              let clock = clock ()
              let driver = TestDriver.Counting(memory clock)
              let refusing = driver.Driver |> SessionDriver.withRefusals (fun e -> e :? StoreDown)
              let session = web clock refusing
              let token = start session increment
              driver.Forget()
              driver.Behave <- TestDriver.Only([ StoreOperation.Replace ], Behaviour.FailBefore)

              for change in [ Session.regenerate; increment ] do
                  let e = raised<SessionStoreException, _>(fun () -> step session token change)
                  e.MayHaveBeenSaved |> Expect.isFalse "certain"
                  e.Message |> Expect.stringContains "says so" "Nothing was written"

              driver.Calls
              |> Expect.equal
                  "calls"
                  [ StoreOperation.Load
                    StoreOperation.Create
                    StoreOperation.Replace
                    StoreOperation.Delete
                    StoreOperation.Load
                    StoreOperation.Replace ]

              isAlive session token |> Expect.isTrue "as before"

          testCase
              "promise 4: a create whose outcome is unknown is taken back, so that no device is listed that nobody has"
          <| fun () ->
              for after in 0..2 do
                  let clock = clock ()
                  let isOwned (record: SessionRecord) = record.State.Owner.IsSome
                  let late = LateStore(memory clock, isOwned, after)
                  let session = web clock late.Driver
                  let outcome = step session "" (Session.signIn "alice")

                  let tokens =
                      try
                          [ tokenOf (wait outcome) ]
                      with :? SessionStoreException as e ->
                          e.MayHaveBeenSaved |> Expect.isTrue "unknown"
                          []

                  (wait (OwnerListing.list session "alice" CancellationToken.None)).Length
                  |> Expect.equal $"after {after}" tokens.Length

          testCase
              "promise 9: a sign-out with a value set, whose delete is late, leaves the old session dead or says so"
          <| fun () ->
              let clock = clock ()
              let driver = TestDriver.Counting(memory clock)
              let session = web clock driver.Driver
              let token = start session (Session.signIn "alice")
              driver.Behave <- TestDriver.Script [ StoreOperation.Delete, Behaviour.FailAfter ]
              let e = raised<SessionStoreException, _>(fun () -> step session token (Session.signOut >> increment))
              e.MayHaveBeenSaved |> Expect.isTrue "it may be"
              isAlive session token |> Expect.isFalse "it is" ]
