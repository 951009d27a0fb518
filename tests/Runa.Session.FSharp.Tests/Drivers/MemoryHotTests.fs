/// Records that are kept unpacked beside their packed form.
module Runa.Session.Tests.MemoryHotTests

open System
open System.Threading
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Logging.Abstractions
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Evictions

let private counting (clock: TimeProvider) (count: int) : SessionRecord =
    let made = record clock None 90.
    { made with State = { made.State with Values = Map [ "count", string count ] } }

let private countOf (record: SessionRecord) = int record.State.Values["count"]

/// Threads that all begin at once and end without a failure.
let private race (works: (unit -> unit) list) =
    use go = new ManualResetEventSlim()
    let failures = Collections.Concurrent.ConcurrentQueue<exn>()

    let start (work: unit -> unit) =
        let thread =
            Thread(fun () ->
                go.Wait()

                try
                    work ()
                with e ->
                    failures.Enqueue e)

        thread.Start()
        thread

    let threads = List.map start works
    go.Set()
    threads |> List.iter _.Join()
    failures |> Seq.iter raise

[<Tests>]
let tests =
    testList
        "MemoryHot"
        [ testCase "a record that is loaded again and again is one object; what replaces it is the next one"
          <| fun () ->
              let clock = clock ()
              let store = open' clock 100 Int64.MaxValue
              let first = counting clock 1
              store.Create(key 1, first) |> ignore
              let load () = (store.Load(key 1)).Value

              for _ in 1..3 do
                  load () |> Expect.equal "as it was stored" first

              Object.ReferenceEquals(load (), load ()) |> Expect.isTrue "kept"
              let second = counting clock 2
              store.Replace(key 1, first.Version, second) |> Expect.equal "replaced" ReplaceResult.Replaced
              Object.ReferenceEquals(load (), second) |> Expect.isTrue "the next one is kept"
              let until = clock.GetUtcNow().AddMinutes 30.
              store.Touch(key 1, until) |> Expect.isTrue "touched"
              load () |> Expect.equal "as it was touched" (SessionRecord.touch until second)
              store.Delete(key 1) |> Expect.notEqual "deleted" ValueNone
              store.Load(key 1) |> Expect.equal "gone" ValueNone

          testCase
              "promise 26: what is kept unpacked is bounded, forgotten when it is not used, and gives its bytes back"
          <| fun () ->
              let clock = clock ()
              let budget = MemoryBudget 20_000L
              let hot = MemoryHot budget
              let key n = StoreKey(0UL, uint64 n <<< 32)

              for n in 1..200 do
                  hot.Keep(key n, n, counting clock n)
                  Expect.isLessThanOrEqual "bounded" (budget.Taken, 20_000L)

              let kept () =
                  [ for n in 1..200 do
                        if not (isNull (hot.TryFind(key n))) then
                            n ]
              Expect.isGreaterThan "some" ((kept ()).Length, 10)
              let one = List.last (kept ())

              match hot.TryFind(key one) with
              | null -> failtest "it was there"
              | found -> found.IsUsed <- true

              hot.Cool()
              kept () |> Expect.equal "the used one" [ one ]
              hot.Forget(key one)
              (kept (), budget.Taken) |> Expect.equal "nothing" ([], 0L)

          testCase "promise 12: whether packed or not, no replacement is lost, and no reader sees an older record again"
          <| fun () ->
              let clock = clock ()
              let store = MemoryStore(clock, NullLogger.Instance, 1_000, Int64.MaxValue)
              let keys = [ for n in 1..6 -> key n ]

              for key in keys do
                  store.Create(key, counting clock 0) |> ignore

              let replaced = Array.zeroCreate<int> keys.Length
              let mutable running = 3

              let writer () =
                  for n in 1..6_000 do
                      let index = n % keys.Length
                      let found = (store.Load keys[index]).Value
                      let next = counting clock (countOf found + 1)

                      if store.Replace(keys[index], found.Version, next) = ReplaceResult.Replaced then
                          Interlocked.Increment(&replaced[index]) |> ignore

                  Interlocked.Decrement &running |> ignore

              let reader () =
                  let seen = Array.zeroCreate<int> keys.Length

                  while Volatile.Read &running > 0 do
                      for index in 0 .. keys.Length - 1 do
                          let count = countOf (store.Load keys[index]).Value
                          Expect.isGreaterThanOrEqual "never back" (count, seen[index])
                          seen[index] <- count

              let others () =
                  while Volatile.Read &running > 0 do
                      store.PurgeExpired() |> ignore

                      for key in keys do
                          store.Touch(key, clock.GetUtcNow().AddMinutes 60.) |> Expect.isTrue "touched"

              race [ writer; writer; writer; reader; others ]

              [ for key in keys -> countOf (store.Peek key).Value ]
              |> Expect.equal "all that were replaced" (List.ofArray replaced)

          testCase "promise 9: a record that was deleted is gone for every load after it, however many loads race it"
          <| fun () ->
              let clock = clock ()
              let store = MemoryStore(clock, NullLogger.Instance, 1_000, Int64.MaxValue)
              let mutable isRunning = true

              let loads () =
                  while Volatile.Read &isRunning do
                      store.Load(key 1) |> ignore

              let deletes () =
                  try
                      for n in 1..5_000 do
                          store.Create(key 1, counting clock n) |> Expect.isTrue "created"

                          for _ in 1..4 do
                              countOf (store.Load(key 1)).Value |> Expect.equal "the new one" n

                          store.Delete(key 1) |> Expect.notEqual "deleted" ValueNone
                          store.Load(key 1) |> Expect.equal "gone" ValueNone
                  finally
                      Volatile.Write(&isRunning, false)

              race [ loads; loads; deletes ]
              (store.Count, store.Bytes) |> Expect.equal "nothing is left" (0, 0L) ]
