module Runa.Session.Tests.SessionCountingTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Caching.Distributed
open Microsoft.Extensions.Caching.Memory
open Microsoft.Extensions.Options
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

let private none = CancellationToken.None

let private live name registry = SessionRegistry.count name none registry |> wait

/// A session that is stored.
let private stored name (registry: SessionRegistry) (change: Session -> Session) =
    SessionRegistry.update name None change none registry |> wait |> ignore

let private unsupported name registry (driver: string) =
    let error = raised<NotSupportedException, _>(fun () -> SessionRegistry.count name none registry)
    error.Message
    |> Expect.equal
        "the message"
        $"The driver \"{driver}\" of the session \"{name}\" cannot count sessions. Choose a driver that can, such as memory, sql or redis."

[<Tests>]
let tests =
    testList
        "SessionCounting"
        [ testCase "the live sessions of one name are counted, and those of them that are signed in"
          <| fun () ->
              let clock = clock ()
              use registry =
                  setup clock (memory clock)
                  |> SessionSetup.session "web" id
                  |> SessionSetup.session "admin" id
                  |> SessionRegistry.create
              live "web" registry |> Expect.equal "nothing yet" { Sessions = 0L; SignedIn = 0L }
              stored "web" registry increment
              stored "web" registry (Session.signIn "ada")
              stored "admin" registry increment
              live "web" registry |> Expect.equal "web" { Sessions = 2L; SignedIn = 1L }
              live "admin" registry |> Expect.equal "admin" { Sessions = 1L; SignedIn = 0L }

          testCase "promise 7: sessions that have ended are not counted, whether they are purged or not"
          <| fun () ->
              let clock = clock ()
              let driver = memory clock |> SessionDriver.withPurge (fun _ -> ValueTask<int> 0)
              use registry =
                  setup clock driver
                  |> SessionSetup.session "web" (fun settings ->
                      { settings with Ttl = TimeSpan.FromHours 3.; IdleTimeout = Some(TimeSpan.FromMinutes 30.) })
                  |> SessionRegistry.create
              stored "web" registry (Session.signIn "ada")
              clock.Advance(TimeSpan.FromMinutes 20.)
              stored "web" registry increment
              clock.Advance(TimeSpan.FromMinutes 10.)
              live "web" registry |> Expect.equal "ada's has ended" { Sessions = 1L; SignedIn = 0L }
              clock.Advance(TimeSpan.FromMinutes 20.)
              live "web" registry |> Expect.equal "both have" { Sessions = 0L; SignedIn = 0L }

          testCase "promise 23: a name that is not registered is refused"
          <| fun () ->
              use registry = registry (clock ()) (memory (clock ()))
              let error = raised<InvalidOperationException, _>(fun () -> SessionRegistry.count "wbe" none registry)
              error.Message |> Expect.stringContains "its name" "\"wbe\""
              error.Message |> Expect.stringContains "what is registered" "web"

          testCase "promise 23: the drivers cookie and cache cannot count, and say so"
          <| fun () ->
              use inCookies =
                  setup (clock ()) (memory (clock ()))
                  |> SessionSetup.session "web" (fun settings -> { settings with Driver = "cookie" })
                  |> SessionRegistry.create
              unsupported "web" inCookies "cookie"

              let cache: IDistributedCache = MemoryDistributedCache(Options.Create(MemoryDistributedCacheOptions()))
              use inCache = registry (clock ()) (CacheDriver.create cache)
              unsupported "web" inCache "cache"

          testCase "promise 14: a store that is down fails a count with its cause"
          <| fun () ->
              let clock = clock ()
              let driver = TestDriver.Failing(memory clock, [ StoreOperation.Count ])
              use registry = registry clock driver.Driver
              let error = raised<SessionStoreException, _>(fun () -> SessionRegistry.count "web" none registry)
              error.Message |> Expect.stringContains "the call" "failed (count)"
              error.MayHaveBeenSaved |> Expect.isFalse "it writes nothing"
              (error.InnerException :? StoreDown) |> Expect.isTrue "the cause"
              driver.Behave <- fun _ -> Behaviour.Pass
              live "web" registry |> Expect.equal "up again" { Sessions = 0L; SignedIn = 0L }
              driver.Count StoreOperation.Count |> Expect.equal "calls" 2

          testCase "promise 15: a cancelled token ends a count, before it and during it, and no time limit does"
          <| fun () ->
              let clock = clock ()
              let answer = TaskCompletionSource()
              let driver = TestDriver.Slow(memory clock, answer.Task, [ StoreOperation.Count ])
              use registry =
                  setup clock driver.Driver
                  |> SessionSetup.storeTimeout (TimeSpan.FromMilliseconds 50.)
                  |> SessionRegistry.create
              raised<OperationCanceledException, _>(fun () ->
                  SessionRegistry.count "web" (CancellationToken true) registry)
              |> ignore
              driver.Count StoreOperation.Count |> Expect.equal "the store was not asked" 0

              use caller = new CancellationTokenSource()
              let counting = SessionRegistry.count "web" caller.Token registry
              let patient = SessionRegistry.count "web" none registry
              // A list that began later has its time limit behind it.
              driver.Behave <- TestDriver.Only([ StoreOperation.List ], Behaviour.Hang)
              raised<SessionStoreException, _>(fun () -> SessionRegistry.forOwner "web" "ada" none registry)
              |> ignore
              counting.IsCompleted |> Expect.isFalse "it takes as long as it takes"
              caller.Cancel()
              raised<OperationCanceledException, _>(fun () -> counting) |> ignore
              answer.SetResult()
              wait patient |> Expect.equal "the other went on" { Sessions = 0L; SignedIn = 0L } ]
