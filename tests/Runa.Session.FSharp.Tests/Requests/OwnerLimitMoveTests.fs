/// Sign-ins under a limit while another session of the owner moves to a new id.
module Runa.Session.Tests.OwnerLimitMoveTests

open System.Threading
open System.Threading.Tasks
open Expecto
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.Tests.OwnerLimitSites

/// A driver whose tombstones wait at a gate, as soon as it is closed.
type private Gated(inner: SessionDriver) =
    let gate = TaskCompletionSource TaskCreationOptions.RunContinuationsAsynchronously
    let reached = TaskCompletionSource TaskCreationOptions.RunContinuationsAsynchronously
    let mutable isClosed = false
    member _.Close() = isClosed <- true
    member _.Open() = gate.TrySetResult() |> ignore
    member _.Reached: Task = reached.Task

    member _.Driver =
        { inner with
            Replace =
                fun key version record token ->
                    ValueTask<ReplaceResult>(
                        task {
                            if isClosed && SessionRecord.isTombstone record then
                                reached.TrySetResult() |> ignore
                                do! gate.Task

                            return! inner.Replace key version record token
                        }
                    ) }

let private regenerate (committed: Committed) = update Session.regenerate committed.CookieHeader
let private again (committed: Committed) = update (Session.signIn "ann") committed.CookieHeader

/// Two sessions, one second apart.
let private two (clock: FakeTimeProvider) (registry: SessionRegistry) =
    task {
        let! oldest = signIn registry
        clock.Advance second
        let! newer = signIn registry
        clock.Advance second
        return struct (oldest, newer)
    }

let private inOneProcess (name: string) (move: Committed -> SessionRegistry -> Task<Committed>) =
    [ for whenFull in [ WhenFull.EndOldest; WhenFull.Refuse ] do
          testCaseTask
              $"{whenFull}: a session that {name} during a sign-in of its owner does not count twice"
              (fun () ->
                  task {
                      let clock = FakeTimeProvider()
                      let gated = Gated(memory clock)
                      use registry = limited clock gated.Driver 3 whenFull
                      let! struct (oldest, newer) = two clock registry
                      gated.Close()
                      let moving = Task.Run<Committed>(fun () -> move newer registry)
                      do! gated.Reached
                      let signing = Task.Run<Committed>(fun () -> signIn registry)
                      // Without turns the sign-in would end now.
                      let! _ = Task.WhenAny(signing, Task.Delay 300)
                      gated.Open()
                      let! moved = moving
                      let! newest = signing

                      for committed in [ oldest; moved; newest ] do
                          let! isThere = isAlive registry committed
                          Expect.isTrue isThere "all three are there"
                  }) ]

let private inTwoProcesses =
    [ for whenFull in [ WhenFull.EndOldest; WhenFull.Refuse ] do
          testCaseTask
              $"{whenFull}: a session whose id another process changes at the same time does not count twice"
              (fun () ->
                  task {
                      let clock = FakeTimeProvider()
                      let store = memory clock
                      let gated = Gated store
                      use other = limited clock gated.Driver 3 whenFull
                      let! struct (oldest, newer) = two clock other
                      let mutable moving: Task<Committed> | null = null
                      let mutable listed = 0

                      // The session moves on after it was listed under both ids.
                      let stale (page: OwnedPage) =
                          task {
                              match moving with
                              | NonNull moving when page.Items.Length > 3 ->
                                  listed <- listed + 1
                                  gated.Open()
                                  let! _ = moving
                                  return page
                              | _ -> return page
                          }

                      use registry = limited clock (listing stale store) 3 whenFull
                      gated.Close()
                      moving <- Task.Run<Committed>(fun () -> regenerate newer other)
                      do! gated.Reached
                      let! newest = signIn registry
                      let! moved = Unchecked.nonNull moving
                      Expect.isGreaterThan listed 0 "it was listed twice"

                      for committed in [ oldest; moved; newest ] do
                          let! isThere = isAlive registry committed
                          Expect.isTrue isThere "all three are there"
                  }) ]

let private movedSince =
    testCaseTask "a session that moved after it was listed is ended where it moved to" (fun () ->
        task {
            let clock = FakeTimeProvider()
            let store = memory clock
            use other = limited clock store 2 WhenFull.EndOldest
            let! oldest = signIn other
            clock.Advance second
            let mutable moved: Committed option = None

            let stale (page: OwnedPage) =
                task {
                    if page.Items.Length > 1 && moved.IsNone then
                        let! now = regenerate oldest other
                        moved <- Some now

                    return page
                }

            use registry = limited clock (listing stale store) 1 WhenFull.EndOldest
            let! newest = signIn registry
            let! isThere = isAlive registry newest
            Expect.isTrue isThere "the new one"
            let! isThere = isAlive registry moved.Value
            Expect.isFalse isThere "the one that moved"
            let! left = count registry
            Expect.equal left 1 "the limit"
        })

[<Tests>]
let tests =
    testList
        "OwnerLimit moves"
        (inOneProcess "changes its id" regenerate
         @ inOneProcess "is signed in again" again
         @ inTwoProcesses
         @ [ movedSince ])
