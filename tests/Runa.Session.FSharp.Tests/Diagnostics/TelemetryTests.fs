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
          yield! touches ]
