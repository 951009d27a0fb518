/// The setting DeviceBound: the binding, and requests that do not come from the device.
module internal Runa.Session.Conformance.BindingTests

open System
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Hosting
open Runa.Session.Conformance.Sites
open Runa.Session.Conformance.BoundVisits

let private here (sites: Site list) = List.head sites
let private there (sites: Site list) = List.last sites
let private pass (bench: Bench) (minutes: float) = bench.Clock.Advance(TimeSpan.FromMinutes minutes)

/// Whether the request is refused, since it does not come from the session's device.
let private isRefused (site: Site) (browser: Browser) (change: Session -> Session) =
    task {
        try
            let! _ = Visits.step site browser change
            return false
        with :? SessionUnprovenException as e ->
            e.Session |> Expect.equal "the session that it names" "web"
            return true
    }

let private binding (under: DriverUnderTest) =
    let test needs = Bench.test under (Need.SwapBetweenProcesses :: needs)

    [ test
          []
          "promise 29: a sign-in offers a binding, which is in force from the first request that shows its bound cookie"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let browser, device = Browser(), Device()
              let! struct (_, offer) = Visits.visit (here sites) browser (Session.signIn "alice")
              let! struct (session, later) = Visits.visit (there sites) browser increment
              later.IsNone |> Expect.isTrue "only the sign-in's own response offers one"
              session |> holds "offered" SessionStatus.Active
              Session.device session |> Expect.equal "not bound yet" SessionDevice.Offered
              let before = browser.Copy()
              let! user = register (there sites) browser device offer.Value
              let! again = register (here sites) (browser.Copy()) device offer.Value
              again.Id |> Expect.equal "the same registration again" user.Id
              let! session = Visits.read (here sites) before
              session |> holds "nobody has shown the bound cookie yet" SessionStatus.Active
              let! struct (session, offer) = Visits.visit (there sites) browser increment
              session |> holds "the device" SessionStatus.Active
              Session.device session |> Expect.equal "bound" SessionDevice.Bound
              offer.IsNone |> Expect.isTrue "it is offered no more"
              let! session = Visits.read (here sites) before
              session |> holds "from now on, others are not the device" SessionStatus.Unproven
              let! session = Visits.read (there sites) browser
              Session.getOr visits 0 session |> Expect.equal "no change was lost" 2
          }

      test [] "promise 29: without the bound cookie a bound session reads empty, and no change is saved"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let! user = signIn (here sites) "alice"
              let copy = unproven user
              let held = copy.Values
              let! session = Visits.read (there sites) copy
              session |> holds "read" SessionStatus.Unproven
              Session.isEmpty session |> Expect.isTrue "empty"
              Session.owner session |> Expect.isNone "nobody's"

              for what, change in
                  [ "a value", increment
                    "a flash", Session.flash notice "hello"
                    "a label", Session.withLabel "phone"
                    "cleared", Session.clear
                    "regenerated", Session.regenerate
                    "another lifetime", Session.withLifetime (TimeSpan.FromHours 20.) ] do
                  let! isRefused = isRefused (there sites) copy change
                  isRefused |> Expect.isTrue what
                  copy.Values |> Expect.equal $"{what}: no cookie" held

              let! session = Visits.read (here sites) user.Browser
              session |> holds "the device" SessionStatus.Active
              Session.tryGet text session |> Expect.equal "goes on with what was there" (Some "mine")
          }

      test [] "promise 29: without the bound cookie, a sign-out ends the session and its device"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let! user = signIn (here sites) "alice"
              let copy = unproven user
              let! _ = Visits.step (there sites) copy Session.signOut
              copy.Header |> Expect.isNone "its cookies are expired"
              let! session = Visits.read (here sites) user.Browser
              session |> holds "ended" SessionStatus.Expired
              let! status = refreshes (here sites) user
              status |> Expect.equal "the device is forgotten" 401
          }

      test [] "promise 29: who signs in anew on a browser that lost its device ends the old session"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let! user = signIn (here sites) "alice"
              let copy = unproven user
              let! anew = begin' (there sites) copy (Session.signIn "alice")
              anew.Id |> Expect.notEqual "another device" user.Id
              let! session = Visits.read (here sites) copy
              Session.owner session |> Expect.equal "signed in" (Some "alice")
              Session.has text session |> Expect.isFalse "to a new session"
              let! session = Visits.read (here sites) user.Browser
              session |> holds "the old one has ended" SessionStatus.Expired
              let! status = refreshes (there sites) user
              status |> Expect.equal "and its device is forgotten" 401
          }

      test [] "promise 29: another user's sign-in without the bound cookie leaves the session alone"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let! user = signIn (here sites) "alice"
              let copy = unproven user
              let! _ = begin' (there sites) copy (Session.signIn "bob")
              let! session = Visits.read (here sites) copy
              Session.owner session |> Expect.equal "a new session" (Some "bob")
              Session.has text session |> Expect.isFalse "with nothing of the other"
              let! session = Visits.read (there sites) user.Browser
              session |> holds "the device" SessionStatus.Active
              let! status = refreshes (here sites) user
              status |> Expect.equal "its device" 200
          }

      test [] "promise 29: of 10 proofs by one challenge exactly one is accepted, on the store's word"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let! user = signIn (here sites) "alice"
              let mutable challenge = user.Challenge

              for _ in 1..5 do
                  let! replies = Crowd.together 10 (fun n -> bareRefreshBy sites[n % sites.Length] user challenge)

                  replies |> List.map statusOf |> List.sort |> Expect.equal "one" (200 :: List.replicate 9 403)

                  let! late = bareRefreshBy (there sites) user challenge
                  statusOf late |> Expect.equal "used" 403
                  challenge <- challengeOf late

              let! reply = refreshBy (here sites) user challenge
              statusOf reply |> Expect.equal "the next one" 200
              let! session = Visits.read (there sites) user.Browser
              session |> holds "the device" SessionStatus.Active
          }

      test
          []
          "promise 29: the bound cookie lasts 10 minutes, and 5 more for clocks that differ; a refresh is no activity"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let! user = signIn (here sites) "alice"
              let copy = user.Browser.Copy()
              pass bench 14.9
              let! reply = refreshBy (there sites) user user.Challenge
              statusOf reply |> Expect.equal "refreshed" 200
              let! session = Visits.read (here sites) copy
              session |> holds "a copy of both cookies, until the bound one ends" SessionStatus.Active
              pass bench 0.1
              let! session = Visits.read (here sites) copy
              session |> holds "and no longer" SessionStatus.Unproven
              let! session = Visits.read (here sites) user.Browser
              session |> holds "the device goes on" SessionStatus.Active
              // The session idles out 20 minutes after the read, whatever is refreshed.
              let mutable challenge = challengeOf reply

              for _ in 1..2 do
                  pass bench 9.
                  let! reply = refreshBy (there sites) user challenge
                  statusOf reply |> Expect.equal "alive" 200
                  challenge <- challengeOf reply

              pass bench 2.
              let! reply = refreshBy (here sites) user challenge
              statusOf reply |> Expect.equal "it has idled out" 401
          }

      test [] "promise 29: a proof by another key ends the session only if its cookie comes along"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let! user = signIn (here sites) "alice"
              let thief = { user with Device = Device() }
              let! reply = bareRefreshBy (there sites) thief user.Challenge
              statusOf reply |> Expect.equal "without" 403
              let! session = Visits.read (here sites) user.Browser
              session |> holds "the user goes on" SessionStatus.Active
              let! reply = refreshBy (there sites) { thief with Browser = unproven user } user.Challenge
              statusOf reply |> Expect.equal "with" 401
              let! session = Visits.read (here sites) user.Browser
              session |> holds "the user is told" SessionStatus.Taken
              let! status = refreshes (here sites) user
              status |> Expect.equal "the device is forgotten" 401
          } ]

let private startup (under: DriverUnderTest) =
    [ Bench.test under [] "promise 29: device_bound is a mistake at startup where the driver cannot compare and swap"
      <| fun bench ->
          task {
              let refusal =
                  try
                      use _ = new Site(bench.Driver, bench.Clock, Site.NewApplication(), Site.Secrets, offering bench)
                      None
                  with :? SessionConfigurationException as e ->
                      Some e.Message

              match refusal with
              | None ->
                  (bench.Driver.Place.IsCookie, bench.Driver.Guarantee)
                  |> Expect.equal "it can" (false, DriverGuarantee.CompareAndSwap)
              | Some message ->
                  (bench.Driver.Place.IsCookie || bench.Driver.Guarantee = DriverGuarantee.LastWriteWins)
                  |> Expect.isTrue "it cannot"

                  for part in [ "session \"web\": device_bound = offer"; "the driver \"under test\"" ] do
                      message |> Expect.stringContains "what is wrong" part
          } ]

let tests (under: DriverUnderTest) : Test = testList "bindings" (binding under @ startup under)
