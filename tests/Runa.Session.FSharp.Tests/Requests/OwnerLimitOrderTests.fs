/// Which sessions a sign-in over the limit ends.
module Runa.Session.Tests.OwnerLimitOrderTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.Tests.OwnerLimitSites

/// A session of these seconds: of its sign-in and of its creation.
let private owned (key: byte) (signedIn: float) (created: float) : OwnedRecord =
    let at (seconds: float) = DateTimeOffset.UnixEpoch.AddSeconds seconds
    let state = SessionState.fresh (at created) (TimeSpan.FromHours 1.)
    let state = { state with Owner = Some "ann"; SignedInAt = Some(at signedIn) }

    { Key = StoreKey.ofBytes (ReadOnlySpan(Array.create 16 key))
      Record = NewRecord.live (at created) None "scope" (RecordVersion.RecordVersion 1L) state }

let private order =
    test "the oldest are those that signed in first; then those that were created first; then by store key" {
        let all = [ owned 9uy 1. 5.; owned 3uy 2. 4.; owned 8uy 2. 3.; owned 7uy 2. 4.; owned 1uy 3. 0. ]
        let at = DateTimeOffset.UnixEpoch.AddSeconds 3.
        let ended most = OwnerLimit.surplus most (List.last all).Key at all |> List.map (fun item -> item.Key)
        let keys numbers = [ for number in numbers -> (owned number 0. 0.).Key ]
        Expect.equal (ended 1) (keys [ 9uy; 8uy; 3uy; 7uy ]) "in order"
        Expect.equal (ended 4) (keys [ 9uy ]) "one"
        Expect.isEmpty (ended 5) "none"
    }

let private sameTick =
    testCaseTask "within one tick of the clock, the newest sign-in is never the one that ends" (fun () ->
        task {
            let clock = FakeTimeProvider()
            use registry = limited clock (memory clock) 1 WhenFull.EndOldest
            let mutable before: Committed option = None

            for number in 1..30 do
                let! newest = signIn registry
                let! isThere = isAlive registry newest
                Expect.isTrue isThere $"sign-in {number}"

                match before with
                | Some before ->
                    let! isThere = isAlive registry before
                    Expect.isFalse isThere $"the one before {number}"
                | None -> ()

                before <- Some newest
        })

let private slowRequest =
    testCaseTask "a sign-in whose request began earlier than another's sign-in is the newest" (fun () ->
        task {
            let clock = FakeTimeProvider()
            use registry = limited clock (memory clock) 1 WhenFull.EndOldest
            let! slow = SessionRegistry.load "web" None CancellationToken.None registry
            clock.Advance second
            let! quick = signIn registry
            clock.Advance second
            let! slow = SessionRegistry.commit (Session.signIn "ann" slow) CancellationToken.None registry
            let! isThere = isAlive registry slow
            Expect.isTrue isThere "the one that came last"
            let! isThere = isAlive registry quick
            Expect.isFalse isThere "the other"
        })

let private clockAhead =
    testCaseTask "promise 28: a sign-in after one by a clock that is seconds ahead is the newest" (fun () ->
        task {
            let now = DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero)
            let clock = FakeTimeProvider now
            let store = memory clock
            use ahead = limited (FakeTimeProvider(now.AddSeconds 3.)) store 1 WhenFull.EndOldest
            use behind = limited clock store 1 WhenFull.EndOldest

            for turn in 1..3 do
                let! older = signIn ahead
                let! newer = signIn behind
                let! isThere = isAlive behind newer
                Expect.isTrue isThere $"the new one, {turn}"
                let! isThere = isAlive behind older
                Expect.isFalse isThere $"the older one, {turn}"
                let! left = count behind
                Expect.equal left 1 $"the limit, {turn}"
        })

let private clockSetBack =
    test "a clock that is set back does not drag the times of sign-ins along" {
        let turns = SignInTurns()
        let at = DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero)
        Expect.equal (turns.Stamp at) at "the first"
        Expect.equal (turns.Stamp at) (at.AddTicks 1L) "the same tick"
        Expect.equal (turns.Stamp(at.AddSeconds -2.)) (at.AddTicks 2L) "a request that began earlier"
        let back = at.AddHours -1.
        Expect.equal (turns.Stamp back) back "set back"
        Expect.equal (turns.Stamp(at.AddSeconds 1.)) (at.AddSeconds 1.) "and forth"
    }

let private crowds =
    testCaseTask "of crowds that sign in at once in two processes, one stays if one may" (fun () ->
        task {
            for _ in 1..5 do
                let clock = FakeTimeProvider()

                // Sign-ins of the two get in each other's way.
                let yielding (page: OwnedPage) =
                    task {
                        do! Task.Delay 1
                        return page
                    }

                let store = listing yielding (memory clock)
                use one = limited clock store 1 WhenFull.EndOldest
                use two = limited clock store 1 WhenFull.EndOldest

                let signingIn =
                    [| for number in 1..40 ->
                           Task.Run<Committed option>(fun () ->
                               task {
                                   try
                                       let! committed = signIn (if number % 2 = 0 then one else two)
                                       return Some committed
                                   with :? SessionConflictException ->
                                       return None
                               }) |]

                let! answers = Task.WhenAll signingIn
                Expect.isTrue (Array.exists Option.isSome answers) "some are let through"
                let mutable alive = 0

                for answer in answers do
                    match answer with
                    | Some committed ->
                        let! isThere = isAlive one committed
                        if isThere then
                            alive <- alive + 1
                    | None -> ()

                let! listed = count one
                Expect.equal (alive, listed) (1, 1) "alive and listed"
        })

[<Tests>]
let tests =
    testList "OwnerLimit order" [ order; sameTick; slowRequest; clockAhead; clockSetBack; crowds ]
