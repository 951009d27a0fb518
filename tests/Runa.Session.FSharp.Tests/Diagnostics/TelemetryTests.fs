/// What a request makes the instruments say.
module Runa.Session.Tests.TelemetryTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Microsoft.Extensions.Caching.Distributed
open Microsoft.Extensions.DependencyInjection
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Damage
open Runa.Session.Tests.Measured
open Runa.Session.Tests.Watched

let private visit (browser: Browser) (paths: string list) : Task<unit> =
    task {
        for path in paths do
            let! answer = browser.Get path
            Expect.equal answer.Status 200 $"{path}: {answer.Body}"
    }

/// What these requests of one browser count.
let private counts (name: string) (before: string list) (paths: string list) (wanted: (string * float) list) driver =
    testCaseTask $"{driver}: {name}, after {before}: {paths}" (fun () ->
        task {
            use! world = world driver
            let browser = world.Browser()
            do! visit browser before
            world.Meters.Forget()
            do! visit browser paths
            Expect.equal (world.Counted name) wanted name

            for it in world.Meters.All do
                let wanted = Map [ "name", world.Name; "driver", world.Driver ]
                Expect.equal (it.Tags |> Map.remove "outcome") wanted $"the tags of {it.Name}"
        })

/// On all drivers.
let private everywhere =
    [ counts "created" [] [ "/nothing"; "/read"; "/set" ] [ "", 1. ]
      counts "created" [ "/set" ] [ "/set"; "/sign-in" ] []
      counts "created" [ "/set" ] [ "/goodbye" ] [ "", 1. ]
      counts "loaded" [] [ "/nothing"; "/read"; "/set" ] []
      counts "loaded" [ "/set" ] [ "/nothing"; "/read"; "/set" ] [ "", 1.; "", 1. ]
      counts "missed" [ "/set" ] [ "/read" ] []
      counts "destroyed" [ "/set" ] [ "/sign-out" ] [ "", 1. ]
      counts "destroyed" [ "/set" ] [ "/goodbye" ] [ "", 1. ]
      counts "destroyed" [] [ "/sign-out" ] []
      counts "undecodable_values" [ "/other" ] [ "/misread" ] [ "", 1. ] ]

/// On drivers with a store.
let private inStores =
    [ counts "saved" [ "/set" ] [ "/set"; "/regenerate"; "/read" ] [ "changed", 1.; "moved", 1. ]
      counts "saved" [] [ "/set" ] []
      counts "commit.attempts" [ "/set" ] [ "/set"; "/read" ] [ "changed", 1. ] ]

/// On drivers that list sessions by owner.
let private withOwners =
    [ counts "revoked" [ "/sign-in" ] [ "/revoke"; "/revoke" ] [ "asked", 1. ]
      counts "revoked" [ "/sign-in" ] [ "/revoke-all" ] [ "asked", 1. ] ]

/// The world, a browser with a session, and another one with the same cookie.
let private shared (driver: string) (test: World -> Browser -> Browser -> Task<unit>) =
    task {
        use! world = world driver
        let browser = world.Browser()
        do! visit browser [ "/set" ]
        let rival = browser.Copy()
        world.Meters.Forget()
        do! test world browser rival
    }

let private onDrivers (drivers: string list) (name: string) (test: World -> Browser -> Browser -> Task<unit>) =
    [ for driver in drivers -> testCaseTask $"{driver}: {name}" (fun () -> shared driver test) ]

let private stores = [ "memory"; "cache" ]

let private races =
    [ yield!
          onDrivers stores "a token whose session has ended is missed" (fun world browser rival ->
              task {
                  do! visit rival [ "/sign-out" ]
                  world.Meters.Forget()
                  do! visit browser [ "/read" ]
                  Expect.equal (world.Counted "missed") [ "gone", 1. ] "missed"
                  Expect.equal (world.Counted "loaded") [] "not loaded"
              })

      yield!
          onDrivers stores "a token whose session has moved is missed as such" (fun world browser rival ->
              task {
                  do! visit rival [ "/regenerate" ]
                  world.Meters.Forget()
                  do! visit browser [ "/read" ]
                  Expect.equal (world.Counted "missed") [ "moved", 1. ] "missed"
              })

      yield!
          onDrivers stores "a conflict is counted, and the attempts" (fun world browser rival ->
              task {
                  world.Rival.Act <- fun () -> rival.Get "/set"
                  do! visit browser [ "/raced" ]
                  Expect.equal (world.Counted "conflicts") [ "", 1. ] "conflicts"
                  Expect.equal (world.Counted "commit.attempts") [ "changed", 1.; "changed", 2. ] "attempts"
                  Expect.hasLength (world.Meters.Named "commit.duration") 2 "both took time"
              })

      yield!
          onDrivers stores "a dropped change is counted" (fun world browser rival ->
              task {
                  world.Rival.Act <- fun () -> rival.Get "/sign-out"
                  do! visit browser [ "/once" ]
                  Expect.equal (world.Counted "dropped_changes") [ "", 1. ] "dropped"
              })

      yield!
          onDrivers [ "memory"; "cache"; "cookie" ] "a token of another secret is foreign" (fun world browser _ ->
              task {
                  let elsewhere =
                      SessionSetup.empty
                      |> SessionSetup.secrets [ "another secret of tests: 7Qm!xW2z-Kp0s_9dLr4T" ]
                      |> SessionSetup.application "Tests"
                      |> SessionSetup.session world.Name (fun o -> { o with Driver = world.Driver })
                      |> SessionSetup.driver "cache" (MemoryDriver.create ())
                      |> SessionRegistry.create

                  use elsewhere = elsewhere
                  let step = Session.set (SessionKey.create<int> "visits") 1
                  let! foreign = SessionRegistry.update world.Name None step CancellationToken.None elsewhere
                  let name, value = CookieJar.change foreign.Cookies.Head
                  let stranger = world.Browser()
                  stranger.SetCookie(name, value.Value)
                  do! visit stranger [ "/read" ]
                  Expect.equal (world.Counted "foreign_tokens") [ "", 1. ] "foreign"
                  do! visit browser [ "/read" ]
                  Expect.equal (world.Counted "foreign_tokens") [ "", 1. ] "ours is not"
              })

      yield!
          onDrivers stores "the size is what max_bytes counts" (fun world browser _ ->
              task {
                  do! visit browser [ "/other"; "/read" ]
                  let sizes = world.Meters.Named "size"
                  Expect.hasLength sizes 1 "one was stored"
                  // visits, 1, other and "words"
                  Expect.equal sizes.Head.Value (float ("visits1other\"words\"".Length)) "bytes"
              })

      yield!
          onDrivers stores "durations have their outcome" (fun world browser _ ->
              task {
                  do! visit browser [ "/set" ]
                  let load = world.Meters.Named "load.duration"
                  let commit = world.Meters.Named "commit.duration"
                  Expect.equal [ for it in load -> it.Tags["outcome"] ] [ "found" ] "load"
                  Expect.equal [ for it in commit -> it.Tags["outcome"] ] [ "changed" ] "commit"

                  for it in load @ commit do
                      Expect.isGreaterThan it.Value 0. it.Name
                      Expect.isLessThan it.Value 60. $"{it.Name}: in seconds"
              }) ]

let private minutes (n: float) = TimeSpan.FromMinutes n

let private touches =
    [ for driver in stores do
          testCaseTask $"{driver}: a touch is counted when it is due" (fun () ->
              task {
                  let name = $"""t{Guid.NewGuid().ToString "N"}"""

                  let idle (o: SessionSettings) = { o with IdleTimeout = Some(minutes 20.) }
                  use! world = worldOf name driver (SessionSetup.session name idle)
                  let browser = world.Browser()
                  do! visit browser [ "/set"; "/read" ]
                  Expect.equal (world.Counted "touched") [] "not due"
                  world.App.Clock.Advance(minutes 5.)
                  do! visit browser [ "/read" ]
                  // Nobody waits for the touch of a store.
                  let waiting = Diagnostics.Stopwatch.StartNew()

                  while (world.Counted "touched").IsEmpty && waiting.Elapsed < minutes 1. do
                      do! Task.Delay 5

                  Expect.equal (world.Counted "touched") [ "", 1. ] "touched"
              }) ]

/// A driver of the test's own, under the name "tested".
let private tested (driver: SessionDriver) (test: World -> Browser -> Task<unit>) =
    task {
        let name = $"""d{Guid.NewGuid().ToString "N"}"""
        let short = SessionSetup.storeTimeout (TimeSpan.FromMilliseconds 40.)
        use! world = worldOf name "tested" (SessionSetup.driver "tested" driver >> short)
        let browser = world.Browser()
        do! visit browser [ "/set" ]
        world.Meters.Forget()
        do! test world browser
    }

let private failures =
    let failing name behaviour path wanted =
        testCaseTask $"a call that {name} is counted as a store failure" (fun () ->
            let clock = clock ()
            let driver = TestDriver.Counting(memory clock)
            let refusing = driver.Driver |> SessionDriver.withRefusals (fun _ -> wanted = "refused")

            tested refusing (fun world browser ->
                task {
                    driver.Behave <- behaviour
                    let! answer = browser.Get path
                    Expect.equal answer.Status 500 "failed"
                    Expect.equal (world.Counted "store_failures") [ wanted, 1. ] "counted"

                    let tags = (world.Meters.Named "store_failures").Head.Tags
                    Expect.equal (tags["name"], tags["driver"]) (world.Name, "tested") "tags"
                }))

    [ failing "fails" (TestDriver.Only([ StoreOperation.Load ], Behaviour.FailBefore)) "/read" "failed"
      failing "is not answered" (TestDriver.Only([ StoreOperation.Load ], Behaviour.Hang)) "/read" "timeout"
      failing "is refused" (TestDriver.Only([ StoreOperation.Replace ], Behaviour.FailBefore)) "/set" "refused"

      testCaseTask "a load and a commit that fail have their durations" (fun () ->
          let driver = TestDriver.Counting(memory (clock ()))

          tested driver.Driver (fun world browser ->
              task {
                  driver.Behave <- TestDriver.Only([ StoreOperation.Replace ], Behaviour.FailBefore)
                  let! _ = browser.Get "/set"
                  driver.Behave <- TestDriver.Only([ StoreOperation.Load ], Behaviour.FailBefore)
                  let! _ = browser.Get "/set"
                  let outcomes name = [ for it in world.Meters.Named name -> it.Tags["outcome"] ]
                  Expect.equal (outcomes "load.duration") [ "found"; "failed" ] "loads"
                  Expect.equal (outcomes "commit.duration") [ "failed" ] "commits"
              }))

      testCaseTask "a record that cannot be read is counted as such, and not as a failure of the store" (fun () ->
          let keys = Collections.Generic.List<StoreKey>()
          let inner = memory (clock ())

          let watching =
              { inner with
                  Create =
                      fun key record token ->
                          keys.Add key
                          inner.Create key record token }

          let store = DamagedStore watching

          tested store.Driver (fun world browser ->
              task {
                  store.Damage(keys[0])
                  do! visit browser [ "/read" ]
                  Expect.equal (world.Counted "unreadable_records") [ "", 1. ] "unreadable"
                  Expect.equal (world.Counted "missed") [ "unreadable", 1. ] "missed"
                  Expect.equal (world.Counted "store_failures") [] "no failure"
              }))

      testCaseTask "a value of a cache that is no record is counted, too" (fun () ->
          task {
              use! world = world "cache"
              let browser = world.Browser()
              do! visit browser [ "/sign-in" ]
              let cache = world.App.Services.GetRequiredService<IDistributedCache>()
              let! session =
                  SessionRegistry.load
                      world.Name
                      (CookieJar.header browser.Cookies)
                      CancellationToken.None
                      world.App.Registry
              let handle = (SessionRegistry.handle session).Value
              do! cache.SetStringAsync("runa:" + handle, "no record")
              world.Meters.Forget()
              do! visit browser [ "/read" ]
              Expect.equal (world.Counted "unreadable_records") [ "", 1. ] "unreadable"
          }) ]

let private usage =
    [ testCaseTask "the driver memory shows how many sessions it holds, and their bytes" (fun () ->
          task {
              use! world = world "memory"
              let browsers = [ for _ in 1..3 -> world.Browser() ]

              for browser in browsers do
                  do! visit browser [ "/set" ]

              do! visit browsers[0] [ "/sign-in"; "/regenerate" ]
              let sessions = world.Meters.Observed "memory.sessions"
              // A tombstone is no session.
              Expect.equal [ for it in sessions -> it.Value, it.Tags ] [ 3., Map [ "driver", "memory" ] ] "sessions"
              let before = (world.Meters.Observed "memory.usage").Head.Value
              do! visit browsers[1] [ "/sign-out" ]
              let after = (world.Meters.Observed "memory.usage").Head.Value
              Expect.isLessThan after before "fewer bytes"
              Expect.equal (world.Meters.Observed "memory.sessions").Head.Value 2. "one fewer"
          })

      testCaseTask "promise 26: evicted sessions are counted, of visitors and of users" (fun () ->
          task {
              let name = $"""e{Guid.NewGuid().ToString "N"}"""
              let full = MemoryDriver.create { MemoryDriver.defaults with MaxSessions = 2 }
              use! world = worldOf name "small" (SessionSetup.driver "small" full)

              let evicted () =
                  [ for it in world.Meters.Observed "evicted" do
                        if it.Tags["driver"] = "small" then
                            it.Tags["outcome"], it.Value ]

              Expect.equal (evicted ()) [ "visitor", 0.; "signed_in", 0. ] "none yet"

              for _ in 1..3 do
                  do! visit (world.Browser()) [ "/set" ]

              Expect.equal (evicted ()) [ "visitor", 1.; "signed_in", 0. ] "a visitor"

              for _ in 1..5 do
                  do! visit (world.Browser()) [ "/sign-in" ]

              let now = Map(evicted ())
              Expect.isGreaterThan now["signed_in"] 0. "users, too"
          }) ]

let private limits =
    let limited (whenFull: WhenFull) =
        let name = $"""l{Guid.NewGuid().ToString "N"}"""

        worldOf
            name
            "memory"
            (SessionSetup.session name (fun o -> { o with MaxSessions = Some 1; WhenFull = whenFull }))

    [ testCaseTask "a session that ends because its owner has too many is counted as revoked" (fun () ->
          task {
              use! world = limited WhenFull.EndOldest
              do! visit (world.Browser()) [ "/sign-in" ]
              Expect.equal (world.Counted "revoked") [] "within the limit"
              do! visit (world.Browser()) [ "/sign-in" ]
              Expect.equal (world.Counted "revoked") [ "limit", 1. ] "the older one"
          })

      testCaseTask "a sign-in that is refused because its owner has too many has that outcome" (fun () ->
          task {
              use! world = limited WhenFull.Refuse
              do! visit (world.Browser()) [ "/sign-in" ]
              world.Meters.Forget()
              let! answer = world.Browser().Get "/sign-in"
              Expect.notEqual answer.Status 200 "refused"
              Expect.equal [ for it in world.Meters.Named "commit.duration" -> it.Tags["outcome"] ] [ "limit" ] "why"
              Expect.equal (world.Counted "created") [] "none"
          }) ]

let private apart =
    [ testCaseTask "two hosts of a process do not see each other's figures" (fun () ->
          task {
              use! one = world "memory"
              use! two = world "memory"
              do! visit (one.Browser()) [ "/set" ]
              Expect.equal (one.Counted "created") [ "", 1. ] "its own"
              Expect.equal two.Meters.All [] "not the other's"
              let held (world: World) = (world.Meters.Observed "memory.sessions").Head.Value
              Expect.equal (held one, held two) (1., 0.) "each its own store"
          })

      testCaseTask "promise 5: no tag says an id, an owner, a label or a value" (fun () ->
          task {
              use! world = world "memory"
              use traces = new Traces(world.Name)
              let browser = world.Browser()
              do! visit browser [ "/sign-in"; "/other"; "/misread"; "/regenerate"; "/set" ]
              let cookie = Seq.head browser.Cookies.Values
              do! visit browser [ "/sign-out" ]

              let told =
                  [ for it in world.Meters.All do
                        yield! it.Tags.Values
                    for activity in traces.Ended do
                        activity.DisplayName
                        string activity.StatusDescription
                        for tag in activity.TagObjects do
                            string tag.Value ]
                  |> List.distinct

              let known =
                  set
                      [ world.Name
                        "memory"
                        "created"
                        "changed"
                        "moved"
                        "destroyed"
                        "found"
                        "1"
                        ""
                        "runa.session.load"
                        "runa.session.commit" ]

              Expect.isNonEmpty told "something is told"
              Expect.equal (Set told - known) Set.empty "nothing else"
              Expect.isFalse (told |> List.exists cookie.Contains && List.contains cookie told) "no cookie"
          })

      testCase "a registry without a host has a meter of its own, which ends with it"
      <| fun () ->
          let registry = SessionRegistry.create (setup (clock ()) (memory (clock ())))
          let mutable ended = false
          use listener = new System.Diagnostics.Metrics.MeterListener()
          let name = "memory.sessions"

          listener.InstrumentPublished <-
              Action<_, _>(fun instrument listener ->
                  if instrument.Meter.Name = "Runa.Session" && isNull instrument.Meter.Scope then
                      listener.EnableMeasurementEvents(instrument, registry))

          listener.MeasurementsCompleted <-
              Action<_, _>(fun _ state ->
                  if Object.ReferenceEquals(state, registry) then
                      ended <- true)
          listener.Start()
          (registry :> IDisposable).Dispose()
          Expect.isTrue ended $"{name} and the others" ]

[<Tests>]
let tests =
    testList
        "Telemetry"
        [ for driver in [ "memory"; "cache"; "cookie" ] do
              for make in everywhere do
                  make driver
          for driver in stores do
              for make in inStores do
                  make driver
          for make in withOwners do
              make "memory"
          yield! races
          yield! touches
          yield! failures
          yield! usage
          yield! limits
          yield! apart ]
