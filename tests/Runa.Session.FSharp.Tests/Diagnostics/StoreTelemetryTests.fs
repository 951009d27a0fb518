/// What stores, limits and hosts make the instruments say.
module Runa.Session.Tests.StoreTelemetryTests

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

      testCaseTask "promise 27: a page that is to begin at a wrong place is not a failure of the store" (fun () ->
          let inner = memory (clock ())
          let index = inner.Owners.Value
          let mutable isBroken = false

          let list scope owner from token =
              if isBroken then
                  raise (ArgumentException "The driver's own mistake.")
              else
                  index.List scope owner from token

          let driver = inner |> SessionDriver.withOwners { index with List = list }

          tested driver (fun world _ ->
              task {
                  let page from =
                      task {
                          try
                              let none = CancellationToken.None
                              let! _ = SessionRegistry.forOwnerPage world.Name "ann" from none world.App.Registry
                              return "a page", ""
                          with
                          | :? ArgumentException as e -> return e.GetType().Name, string e.ParamName
                          | e -> return e.GetType().Name, ""
                      }

                  let! error = page (Some "not a place")
                  Expect.equal error ("ArgumentException", "next") "told"
                  Expect.equal (world.Counted "store_failures") [] "no failure"
                  isBroken <- true
                  let! error = page None
                  Expect.equal error ("SessionStoreException", "") "nobody gave a place"
                  Expect.equal (world.Counted "store_failures") [ "failed", 1. ] "a failure"
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
let tests = testList "Telemetry" (failures @ usage @ limits @ apart)
