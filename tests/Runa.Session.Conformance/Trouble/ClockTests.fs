/// Nodes whose clocks differ, and a clock that jumps.
module internal Runa.Session.Conformance.ClockTests

open System
open System.Threading
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Records
open Runa.Session.Conformance.OwnerLists
open Runa.Session.Conformance.Sites

let private minutes (count: float) = TimeSpan.FromMinutes count
let private tick = TimeSpan.FromTicks 1L
let private tolerance = SessionDriver.clockTolerance

/// The wall clock jumps, and the one that only ever goes on does not.
[<Sealed>]
type private JumpingClock(steady: TimeProvider) =
    inherit TimeProvider()
    member val Ahead = TimeSpan.Zero with get, set
    override this.GetUtcNow() = steady.GetUtcNow() + this.Ahead
    override _.TimestampFrequency = steady.TimestampFrequency
    override _.GetTimestamp() = steady.GetTimestamp()

let private listed (driver: SessionDriver) scope owner =
    task {
        let! found = rest driver.Owners.Value scope owner None []
        return keyTexts found
    }

let private records (under: DriverUnderTest) =
    let test needs = Bench.test under (Need.Store :: Need.Beside :: needs)

    [ test [] "promise 28: what has ended by a clock 5 minutes ahead lives on for the others, whatever that node sweeps"
      <| fun bench ->
          task {
              let! ahead = bench.OpenBeside tolerance
              let record = live (newScope ()) bench.Now |> withIdle (bench.Now + minutes 20.)
              let! key = Ask.store bench.Driver (again record |> withIdle (bench.Now + minutes 15.))
              // A store that is told how long to keep it is told by the clock that is ahead.
              let! found = Ask.load ahead.Driver key
              let! replaced = Ask.replace ahead.Driver key found.Value.Version record
              replaced |> Ask.isReplaced "a write there, in time"
              bench.Pass(minutes 20. - tick)
              let! isTouched = Ask.touch ahead.Driver key (ahead.Clock.GetUtcNow() + minutes 20.)
              isTouched |> Expect.isFalse "it has ended there"
              let! replaced = Ask.replace ahead.Driver key record.Version (again record)
              replaced |> Ask.isMissing "a write there"
              let! _ = Ask.purge ahead.Driver
              let! loaded = Ask.load bench.Driver key
              loaded |> shouldBeThere "here it lives" record
              let! isTouched = Ask.touch bench.Driver key (bench.Now + minutes 20.)
              isTouched |> Expect.isTrue "and is touched"
              // It lives there again.
              let next = again record |> withIdle (ahead.Clock.GetUtcNow() + minutes 20.)
              let! replaced = Ask.replace ahead.Driver key record.Version next
              replaced |> Ask.isReplaced "a write there, after the touch"
              let! loaded = Ask.load bench.Driver key
              loaded |> shouldBeThere "which is seen here" next
          }

      test [] "promise 28: touches and writes of nodes whose clocks differ follow each other, and none is lost"
      <| fun bench ->
          task {
              let! ahead = bench.OpenBeside tolerance
              let! behind = bench.OpenBeside -tolerance
              let drivers = [| bench.Driver; ahead.Driver; behind.Driver |]
              let clocks = [| bench.Clock; ahead.Clock; behind.Clock |]
              let mutable record = live (newScope ()) bench.Now |> withIdle (bench.Now + minutes 20.)
              record <- record |> until (bench.Now + minutes 600.)
              let! key = Ask.store bench.Driver record

              for round in 1..30 do
                  bench.Pass(minutes 7.)
                  let n = round % 3
                  let idleExpiresAt = clocks[n].GetUtcNow() + minutes 20.

                  if round % 2 = 0 then
                      let! isTouched = Ask.touch drivers[n] key idleExpiresAt
                      isTouched |> Expect.isTrue $"touched in round {round}"
                      record <- SessionRecord.touch idleExpiresAt record
                  else
                      let next = again record |> withIdle idleExpiresAt |> withValue "round" (string round)
                      let! replaced = Ask.replace drivers[n] key record.Version next
                      replaced |> Ask.isReplaced $"in round {round}"
                      record <- next

                  let! _ = Ask.purge drivers[(n + 1) % 3]
                  let! loaded = Ask.load drivers[(n + 2) % 3] key
                  loaded |> shouldBeThere $"in round {round}" record
          }

      test
          []
          "promise 4, 9, 28: a node 5 minutes ahead still finds a tombstone of two minutes, and a logout its successor"
      <| fun bench ->
          task {
              let! ahead = bench.OpenBeside tolerance
              let first = live (newScope ()) bench.Now |> withOwner (Some "alice")
              let! key = Ask.store bench.Driver first
              let! successor = Ask.store bench.Driver (again first)
              let stone = first |> tombstone successor
              let! replaced = Ask.replace bench.Driver key first.Version stone
              replaced |> Ask.isReplaced "moved"
              let! _ = Ask.purge ahead.Driver
              let! loaded = Ask.load ahead.Driver key
              loaded |> shouldBeThere "the tombstone, there" stone
              // Its two minutes are over by the first clock, too, and not by one 5 minutes behind.
              bench.Pass(minutes 2.)
              let! _ = Ask.purge bench.Driver
              let! loaded = Ask.load bench.Driver key
              loaded |> shouldBeThere "the tombstone, here" stone
              let! deleted = Ask.delete ahead.Driver key
              deleted |> shouldBeThere "what a logout deletes there" stone
          }

      test [ Need.Owners ] "promise 27, 28: a node 5 minutes ahead lists and ends what has ended by its own clock only"
      <| fun bench ->
          task {
              let! ahead = bench.OpenBeside tolerance
              let scope = newScope ()
              let record = owned scope "alice" bench |> withIdle (bench.Now + minutes 20.)
              let! key = Ask.store bench.Driver record
              let! stone = Ask.store bench.Driver (owned scope "alice" bench |> tombstone (newKey ()))
              bench.Pass(minutes 2. - tick)
              let! found = listed ahead.Driver scope "alice"
              found |> Expect.equal "both" (List.sort [ StoreKey.toText key; StoreKey.toText stone ])
              bench.Pass(minutes 18.)
              let! _ = Ask.purge ahead.Driver
              let! found = listed ahead.Driver scope "alice"
              found |> Expect.contains "the session" (StoreKey.toText key)
              let! _ = ahead.Driver.Owners.Value.DeleteAll scope CancellationToken.None
              let! loaded = Ask.load bench.Driver key
              loaded |> shouldBeGone "ended there"
              let! isTouched = Ask.touch bench.Driver key (bench.Now + minutes 20.)
              isTouched |> Expect.isFalse "and dead here"
          } ]

let private jumps (under: DriverUnderTest) =
    [ Bench.test
          under
          [ Need.Store ]
          "promise 28: a clock that jumps three hours ahead, and back, has swept away nobody's session"
      <| fun bench ->
          task {
              let clock = JumpingClock bench.Clock
              let! driver = bench.OpenBy clock
              let scope = newScope ()
              let idle = live scope bench.Now |> withIdle (bench.Now + minutes 20.) |> withOwner (Some "alice")
              let! idleKey = Ask.store driver idle
              let lasting = live scope bench.Now
              let! lastingKey = Ask.store driver lasting
              bench.Clock.Advance(minutes 5.)
              clock.Ahead <- TimeSpan.FromHours 3.

              for _ in 1..3 do
                  let! _ = Ask.purge driver
                  bench.Clock.Advance(minutes 1.)

              // What is written meanwhile, and so may make room, sweeps away nothing either.
              let! _ = Ask.store driver (live scope (clock.GetUtcNow()))
              clock.Ahead <- TimeSpan.Zero
              let! _ = Ask.purge driver
              let! loaded = Ask.load driver idleKey
              loaded |> shouldBeThere "with an idle end" idle
              let! loaded = Ask.load driver lastingKey
              loaded |> shouldBeThere "without one" lasting

              if driver.Owners.IsSome then
                  let! found = listed driver scope "alice"
                  found |> Expect.equal "alice's" [ StoreKey.toText idleKey ]

              let! isTouched = Ask.touch driver idleKey (bench.Now + minutes 20.)
              isTouched |> Expect.isTrue "touched"
          } ]

let private sessions (under: DriverUnderTest) =
    let test needs = Bench.test under (Need.Beside :: needs)

    let node (bench: Bench) application (node: Node) =
        bench.Own(new Site(node.Driver, node.Clock, application, Site.Secrets, settings bench))

    let two (bench: Bench) (ahead: TimeSpan) =
        task {
            let application = Site.NewApplication()
            let! beside = bench.OpenBeside ahead
            let here = node bench application { Driver = bench.Driver; Clock = bench.Clock }
            return here, node bench application beside
        }

    [ test
          [ Need.Store ]
          "promise 4, 9, 28: after a sign-in on one node, the old cookie starts nothing on another, and ends the session"
      <| fun bench ->
          task {
              for ahead in [ tolerance; minutes 2.2; -tolerance ] do
                  let! here, there = two bench ahead
                  let browser = Browser()
                  let! _ = here.Step browser increment
                  let stale = browser.Copy()
                  let! _ = here.Step browser (Session.signIn "alice")
                  let! alive = isAlive there stale
                  alive |> Expect.isFalse $"the old cookie ({ahead})"
                  let before = stale.Values
                  let! isTold = conflicts (fun () -> there.Step stale (Session.set visits 99))
                  isTold |> Expect.isTrue $"a write under it is refused ({ahead})"
                  stale.Values |> Expect.equal $"and gets no other cookie ({ahead})" before
                  let! alive = isAlive there browser
                  alive |> Expect.isTrue $"the new one ({ahead})"
                  let! _ = there.Step stale Session.signOut
                  let! alive = isAlive here browser
                  alive |> Expect.isFalse $"after the logout ({ahead})"
          }

      test [ Need.Store ] "promise 12, 28: nodes whose clocks differ take turns at one session, and no change is lost"
      <| fun bench ->
          task {
              let! here, there = two bench tolerance
              let browser = Browser()
              let! _ = here.Step browser (Session.set visits 0)

              for round in 1..15 do
                  bench.Pass(minutes 4.)
                  let site = if round % 2 = 0 then here else there
                  let! _ = site.Step browser (if round % 6 = 0 then increment >> Session.regenerate else increment)
                  ()

              let! session = there.Load browser
              Session.tryGet visits session |> Expect.equal "each counts" (Some 15)
          }

      test [ Need.Store ] "promise 28: what a node 5 minutes ahead calls ended is not ended by it for the others"
      <| fun bench ->
          task {
              let! here, there = two bench tolerance
              let browser = Browser()
              let! _ = here.Step browser (Session.set visits 1)
              bench.Pass(minutes 19.)
              let! alive = isAlive there (browser.Copy())
              alive |> Expect.isFalse "ended there"
              let! session = here.Step browser id
              Session.tryGet visits session |> Expect.equal "here it lives" (Some 1)
              // Touched by that request, it lives there as well.
              let! alive = isAlive there browser
              alive |> Expect.isTrue "touched"
          }

      test [ Need.Owners ] "promise 27, 28: an owner's sessions end on every node, whichever clock began or ends them"
      <| fun bench ->
          task {
              for ahead in [ tolerance; -tolerance ] do
                  let! here, there = two bench ahead
                  let! mine = signedIn here "alice"
                  let! other = signedIn there "alice"
                  // By the clock that is ahead, the session of the other one has ended.
                  bench.Pass(minutes 17.)
                  let! _ = there.RevokeOwner "alice"

                  for browser in [ mine; other ] do
                      for site in [ here; there ] do
                          let! alive = isAlive site browser
                          alive |> Expect.isFalse $"alive ({ahead})"

                  let! left = here.ForOwner "alice"
                  left |> Expect.isEmpty $"nothing is left ({ahead})"
                  let! again = signedInAfterwards there "alice"
                  let! alive = isAlive here again
                  alive |> Expect.isTrue $"a later sign-in ({ahead})"
          } ]

let tests (under: DriverUnderTest) : Test = testList "clocks" (records under @ jumps under @ sessions under)
