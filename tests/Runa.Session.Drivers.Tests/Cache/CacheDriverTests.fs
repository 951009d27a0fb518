module Runa.Session.Tests.CacheDriverTests

open System
open System.IO
open System.Text
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Caching.Distributed
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.Tests.WatchedCaches

let private none = CancellationToken.None
let private idle = TimeSpan.FromMinutes 10.
let private minute = TimeSpan.FromMinutes 1.
let private key = StoreKey.ofBytes (ReadOnlySpan(Array.init 16 byte))
let private entry = "runa:" + StoreKey.toText key

type private World = { Clock: FakeTimeProvider; Cache: WatchedCache; Driver: SessionDriver }

let private driverOn (clock: TimeProvider) (cache: IDistributedCache) =
    CacheDriver.create (cache, { CacheDriver.defaults with TimeProvider = clock })

let private open' () : World =
    let clock = FakeTimeProvider(DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero))
    let cache = WatchedCache()

    { Clock = clock; Cache = cache; Driver = driverOn clock cache }

/// A session of two hours, with the idle end after ten minutes.
let private record (world: World) (count: int) : SessionRecord =
    let now = world.Clock.GetUtcNow()
    let state = SessionState.fresh now (TimeSpan.FromHours 2.)

    { Version = RecordVersion.Next()
      Scope = "shop/web"
      State = { state with Values = Map [ "count", string count ] }
      IdleEnd = ValueSome(now + idle)
      Kind = RecordKind.Live }

let private count (record: SessionRecord) = int record.State.Values["count"]

let private load (driver: SessionDriver) = (driver.Load key none).AsTask()
let private create (driver: SessionDriver) record = (driver.Create key record none).AsTask()
let private replace (driver: SessionDriver) version record = (driver.Replace key version record none).AsTask()
let private touch (driver: SessionDriver) at = (driver.Touch key at none).AsTask()
let private delete (driver: SessionDriver) = (driver.Delete key none).AsTask()

let private stored =
    testList
        "what is stored"
        [ testCaseTask "a record is one readable document, under the prefix and the text of its key" (fun () ->
              task {
                  let world = open' ()
                  let first = record world 1
                  let! isCreated = create world.Driver first
                  isCreated |> Expect.isTrue "created"
                  let document = Unchecked.nonNull (world.Cache.Inner.Get entry)
                  RecordFormat.read (ReadOnlySpan document) |> Expect.equal "the document" first
                  Encoding.UTF8.GetString document |> Expect.stringStarts "JSON" "{"
                  let! loaded = load world.Driver
                  loaded |> Expect.equal "loaded" (ValueSome first)
              })

          testCaseTask "another prefix keeps two applications of one cache apart" (fun () ->
              task {
                  let world = open' ()

                  let other = CacheDriver.create (world.Cache, { CacheDriver.defaults with Prefix = "other:" })

                  let! _ = create world.Driver (record world 1)
                  let! found = load other
                  found |> Expect.equal "nothing there" ValueNone
              })

          testCaseTask "the cache keeps each entry a minute longer than the earlier end, whatever wrote it" (fun () ->
              task {
                  let world = open' ()
                  let first = record world 1
                  let! _ = create world.Driver first
                  world.Clock.Advance minute
                  let! _ = touch world.Driver (world.Clock.GetUtcNow() + idle)
                  world.Clock.Advance minute
                  let second = { record world 2 with IdleEnd = ValueNone; State = first.State }
                  let! _ = replace world.Driver first.Version second

                  world.Cache.Lifetimes
                  |> Expect.equal "lifetimes" [ idle + minute; idle + minute; TimeSpan.FromHours 2. - minute ]
              })

          testCaseTask
              "an entry that is over before it is written still gets a positive expiry, which caches ask for"
              (fun () ->
                  task {
                      let world = open' ()
                      let old = record world 1
                      world.Clock.Advance(TimeSpan.FromHours 3.)
                      let! isCreated = create world.Driver old
                      isCreated |> Expect.isTrue "created"
                      world.Cache.Lifetimes |> Expect.equal "lifetime" [ TimeSpan.FromSeconds 1. ]
                  })

          testCaseTask
              "promise 7: a touch moves the idle end and when it was last seen, never backwards, and keeps the version"
              (fun () ->
                  task {
                      let world = open' ()
                      let first = record world 1
                      let! _ = create world.Driver first
                      world.Clock.Advance minute
                      let later = world.Clock.GetUtcNow() + idle
                      let! isTouched = touch world.Driver later
                      isTouched |> Expect.isTrue "touched"
                      let! loaded = load world.Driver
                      loaded |> Expect.equal "later" (ValueSome(SessionRecord.touch later first))
                      loaded.Value.Version |> Expect.equal "version" first.Version
                      let before = world.Cache.Calls.Length
                      let! isTouched = touch world.Driver (later - minute)
                      isTouched |> Expect.isTrue "it is there"
                      world.Cache.Calls.Length - before |> Expect.equal "only read" 1
                  })

          testCaseTask "promise 14: what is no record raises, and is not taken for nothing" (fun () ->
              task {
                  let world = open' ()
                  world.Cache.Inner.Set(entry, Encoding.UTF8.GetBytes "{}", DistributedCacheEntryOptions())
                  let! e =
                      Task.Run(fun () ->
                          Expect.throwsT<InvalidDataException> "load" (fun () ->
                              (load world.Driver).GetAwaiter().GetResult() |> ignore))
                  return e
              })

          test "it states its guarantee, and that it cannot list by owner" {
              let driver = (open' ()).Driver
              driver.Guarantee |> Expect.equal "guarantee" DriverGuarantee.LastWriteWins
              driver.Owners.IsNone |> Expect.isTrue "no index"
              driver.InProcess |> Expect.isFalse "under a time limit"
          } ]

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
        [ testCaseTask "promise 12: of 300 writers of one key none is lost, with touches in between" (fun () ->
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

          testCaseTask "promise 3: of 50 that create one key one does, and its record stands" (fun () ->
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
              "as documented: of two writes at once both are told that they stand, and the later one does"
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

let private counter = SessionKey.create<int> "count"

let private registryOn (world: World) =
    SessionSetup.empty
    |> SessionSetup.secrets [ "a secret of tests: 7Qm!xW2z-Kp0s_9dLr4T" ]
    |> SessionSetup.application "shop"
    |> SessionSetup.timeProvider world.Clock
    |> SessionSetup.storeTimeout (TimeSpan.FromMilliseconds 300.)
    |> SessionSetup.driver "cache" world.Driver
    |> SessionSetup.session "web" (fun o -> { o with Driver = "cache" })
    |> SessionRegistry.create

let private start (registry: SessionRegistry) =
    task {
        let! session = SessionRegistry.load "web" None none registry
        let! committed = SessionRegistry.commit (Session.set counter 1 session) none registry
        return Some((List.exactlyOne committed.Cookies).Split(';')[0])
    }

let private storeFailure (work: unit -> Task<'T>) : Task<SessionStoreException> =
    task {
        try
            let! _ = work ()
            return failtest "nothing was raised"
        with :? SessionStoreException as e ->
            return e
    }

let private faults =
    testList
        "faults"
        [ testCaseTask
              "promise 14, 25: a cache that raises is an error the app sees, and the session is there afterwards"
              (fun () ->
                  task {
                      let world = open' ()
                      use registry = registryOn world
                      let! cookie = start registry
                      world.Cache.Before <- fun _ -> raise (CacheDown())
                      let! e = storeFailure (fun () -> SessionRegistry.load "web" cookie none registry)
                      (e.InnerException :? CacheDown) |> Expect.isTrue "its cause"
                      let! stranger = SessionRegistry.load "web" None none registry
                      Session.status stranger |> Expect.equal "without a cookie nothing is asked" SessionStatus.New
                      world.Cache.Before <- fun _ -> Task.CompletedTask
                      let! session = SessionRegistry.load "web" cookie none registry
                      let! _ = SessionRegistry.commit (Session.update counter 0 ((+) 1) session) none registry
                      let! session = SessionRegistry.load "web" cookie none registry
                      Session.getOr counter 0 session |> Expect.equal "saved" 2
                  })

          testCaseTask
              "promise 14: a cache that hangs is an error after the time limit, and a hint that it may have been saved"
              (fun () ->
                  task {
                      let world = open' ()
                      use registry = registryOn world
                      let! cookie = start registry
                      let! session = SessionRegistry.load "web" cookie none registry

                      world.Cache.Before <-
                          fun (call, token) ->
                              match call with
                              | CacheCall.Set -> Task.Delay(Timeout.Infinite, token)
                              | _ -> Task.CompletedTask

                      let! e =
                          storeFailure (fun () -> SessionRegistry.commit (Session.set counter 2 session) none registry)
                      e.MayHaveBeenSaved |> Expect.isTrue "unknown"
                      world.Cache.Before <- fun _ -> Task.CompletedTask
                      let! _ = SessionRegistry.commit (Session.set counter 3 session) none registry
                      let! session = SessionRegistry.load "web" cookie none registry
                      Session.getOr counter 0 session |> Expect.equal "the lock was given back" 3
                  })

          testCaseTask "promise 10: what the cache forgot is an expired session" (fun () ->
              task {
                  let world = open' ()
                  use registry = registryOn world
                  let! cookie = start registry
                  let _, stored = world.Cache.Calls |> List.last
                  world.Cache.Inner.Remove stored
                  let! session = SessionRegistry.load "web" cookie none registry
                  Session.status session |> Expect.equal "status" SessionStatus.Expired
              })

          testCaseTask "a ping reads, and raises when the cache is down" (fun () ->
              task {
                  let world = open' ()
                  do! world.Driver.Ping none
                  world.Cache.Calls |> Expect.equal "one read" [ CacheCall.Get, "runa:ping" ]
                  world.Cache.Before <- fun _ -> raise (CacheDown())

                  let! isDown =
                      task {
                          try
                              do! world.Driver.Ping none
                              return false
                          with :? CacheDown ->
                              return true
                      }

                  isDown |> Expect.isTrue "raised"
              }) ]

[<Tests>]
let tests = testList "CacheDriver" [ stored; withinOneProcess; betweenProcesses; faults ]
