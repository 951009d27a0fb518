/// What holds within one process, and what two processes on one cache can lose.
module Runa.Session.Tests.CacheConcurrencyTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Caching.Distributed
open Runa.Session
open Runa.Session.Tests.CacheWorlds
open Runa.Session.Tests.WatchedCaches

/// All at once, each on a thread of its own choosing.
let private together (count: int) (work: int -> Task<'T>) : Task<'T[]> =
    Task.WhenAll [ for n in 1..count -> Task.Run<'T>(Func<Task<'T>>(fun () -> work n)) ]

let private increment (driver: SessionDriver) : Task =
    let rec from (current: SessionRecord) : Task =
        task {
            let next =
                { current with
                    Version = RecordVersion.Next()
                    State = { current.State with Values = Map [ "count", string (count current + 1) ] } }

            match! replace driver current.Version next with
            | ReplaceResult.Replaced -> ()
            | ReplaceResult.Conflict current -> do! from current
            | ReplaceResult.Missing -> failtest "Missing"
        }

    task {
        let! current = load driver
        do! from current.Value
    }

let private withinOneProcess =
    testList
        "within one process"
        [ testCaseTask "promise 12: no write of 300 writers of one key is lost, with touches in between" (fun () ->
              task {
                  let world = open' ()
                  let! _ = create world.Driver (record world 0)
                  let at = world.Clock.GetUtcNow() + idle + minute

                  let! _ =
                      together 400 (fun n ->
                          task {
                              if n % 4 = 0 then
                                  let! isTouched = touch world.Driver (at + TimeSpan.FromSeconds(float n))
                                  isTouched |> Expect.isTrue "touched"
                              else
                                  do! increment world.Driver
                          })

                  let! loaded = load world.Driver
                  count loaded.Value |> Expect.equal "sum" 300
              })

          testCaseTask "promise 3: if 50 create one key at once, one succeeds, and its record stays" (fun () ->
              task {
                  let world = open' ()
                  let! created = together 50 (fun n -> task { return! create world.Driver (record world n) })
                  let winner = Array.findIndex id created + 1
                  created |> Array.filter id |> Expect.hasLength "one" 1
                  let! loaded = load world.Driver
                  count loaded.Value |> Expect.equal "whose" winner
              })

          testCaseTask "promise 9: neither a write nor a touch brings back what was deleted meanwhile" (fun () ->
              task {
                  for round in 1..40 do
                      let world = open' ()
                      let first = record world 0
                      let! _ = create world.Driver first

                      let! _ =
                          together 3 (fun n ->
                              task {
                                  match n with
                                  | 1 ->
                                      let! _ = replace world.Driver first.Version (record world round)
                                      ()
                                  | 2 ->
                                      let! _ = touch world.Driver (world.Clock.GetUtcNow() + idle + minute)
                                      ()
                                  | _ ->
                                      let! removed = delete world.Driver
                                      removed.IsSome |> Expect.isTrue "removed"
                              })

                      let! loaded = load world.Driver
                      loaded |> Expect.equal "dead" ValueNone
              })

          testCaseTask "the writers of one key do not hold up those of another" (fun () ->
              task {
                  let world = open' ()
                  let gate = TaskCompletionSource()
                  let mutable isFirst = true

                  world.Cache.Before <-
                      fun _ ->
                          if isFirst then
                              isFirst <- false
                              gate.Task
                          else
                              Task.CompletedTask

                  let waiting = create world.Driver (record world 1)
                  SpinWait.SpinUntil((fun () -> world.Cache.Calls.Length = 1), 10_000) |> Expect.isTrue "it waits"
                  let other = StoreKey.ofBytes (ReadOnlySpan(Array.create 16 7uy))
                  let! isCreated = world.Driver.Create other (record world 2) none
                  isCreated |> Expect.isTrue "the other"
                  waiting.IsCompleted |> Expect.isFalse "still waiting"
                  gate.SetResult()
                  let! isCreated = waiting
                  isCreated |> Expect.isTrue "the first"
              })

          testCaseTask "no lock outlives its users: after success, failure and cancellation" (fun () ->
              task {
                  let world = open' ()

                  let options = { CacheDriver.defaults with TimeProvider = world.Clock }

                  let store = CacheStore(world.Cache, options)
                  let keyOf n = StoreKey.ofBytes (ReadOnlySpan(Array.create 16 (byte n)))
                  let! _ = together 100 (fun n -> store.Create(keyOf (n % 10), record world n, none))
                  store.Locks.Count |> Expect.equal "after success" 0
                  world.Cache.Before <- fun _ -> raise (CacheDown())
                  let! failures =
                      together 20 (fun n ->
                          (store.Delete(keyOf n, none)).ContinueWith(fun (t: Task<_>) -> t.IsFaulted))
                  failures |> Expect.allEqual "failed" true
                  store.Locks.Count |> Expect.equal "after failure" 0
                  let gate = TaskCompletionSource()
                  world.Cache.Before <- fun _ -> gate.Task
                  let first = store.Delete(key, none)
                  use cancel = new CancellationTokenSource()
                  let second = store.Delete(key, cancel.Token)
                  store.Locks.Count |> Expect.equal "one key" 1
                  cancel.Cancel()
                  let! wasCancelled = second.ContinueWith(fun (t: Task<_>) -> t.IsCanceled)
                  wasCancelled |> Expect.isTrue "the one that waited was cancelled"
                  gate.SetResult()
                  let! _ = first
                  store.Locks.Count |> Expect.equal "after cancellation" 0
              }) ]

/// Two drivers on one cache, of which the first's next write waits until it is let go.
let private twoProcesses (world: World) : SessionDriver * (unit -> unit) =
    let slow = WatchedCache()
    let gate = TaskCompletionSource()

    let through =
        { new IDistributedCache with
            member _.GetAsync(key, token) = world.Cache.Inner.GetAsync(key, token)

            member _.SetAsync(key, value, options, token) =
                task {
                    do! gate.Task
                    do! world.Cache.Inner.SetAsync(key, value, options, token)
                }

            member _.RemoveAsync(key, token) = world.Cache.Inner.RemoveAsync(key, token)
            member _.Get key = slow.Inner.Get key
            member _.Set(key, value, options) = slow.Inner.Set(key, value, options)
            member _.Refresh key = slow.Inner.Refresh key
            member _.RefreshAsync(key, token) = slow.Inner.RefreshAsync(key, token)
            member _.Remove key = slow.Inner.Remove key }

    driverOn world.Clock through, gate.SetResult

let private betweenProcesses =
    testList
        "between two processes"
        [ testCaseTask
              "as documented: if two processes write at once, both are told that it worked, and the later one wins"
              (fun () ->
                  task {
                      let world = open' ()
                      let slow, letGo = twoProcesses world
                      let first = record world 0
                      let! _ = create world.Driver first
                      let slowWrite = replace slow first.Version (record world 1)
                      let! fast = replace world.Driver first.Version (record world 2)
                      fast |> Expect.equal "the fast one" ReplaceResult.Replaced
                      letGo ()
                      let! answer = slowWrite
                      answer |> Expect.equal "the slow one" ReplaceResult.Replaced
                      let! loaded = load world.Driver
                      count loaded.Value |> Expect.equal "the later one" 1
                  })

          testCaseTask
              "as documented: a touch that is under way while another process ends the session brings it back"
              (fun () ->
                  task {
                      let world = open' ()
                      let slow, letGo = twoProcesses world
                      let! _ = create world.Driver (record world 0)
                      let slowTouch = touch slow (world.Clock.GetUtcNow() + idle + minute)
                      let! removed = delete world.Driver
                      removed.IsSome |> Expect.isTrue "removed"
                      letGo ()
                      let! _ = slowTouch
                      let! loaded = load world.Driver
                      loaded.IsSome |> Expect.isTrue "it is back"
                  })

          testCaseTask "one after the other, they see each other's versions" (fun () ->
              task {
                  let world = open' ()
                  let other = driverOn world.Clock world.Cache
                  let first = record world 0
                  let! _ = create world.Driver first
                  let second = record world 1
                  let! answer = replace other first.Version second
                  answer |> Expect.equal "the other" ReplaceResult.Replaced
                  let! answer = replace world.Driver first.Version (record world 2)
                  answer |> Expect.equal "a stale version" (ReplaceResult.Conflict second)
              }) ]

[<Tests>]
let tests = testList "CacheDriver concurrency" [ withinOneProcess; betweenProcesses ]
