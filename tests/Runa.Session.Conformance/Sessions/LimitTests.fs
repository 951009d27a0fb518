/// The setting MaxSessions.
module internal Runa.Session.Conformance.LimitTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Sites

let private limited (bench: Bench) (most: int) (whenFull: WhenFull) (o: SessionSettings) : SessionSettings =
    { settings bench o with MaxSessions = Some most; WhenFull = whenFull }

let private siteOf (bench: Bench) most whenFull : Site =
    new Site(bench.Driver, bench.Clock, Site.NewApplication(), Site.Secrets, limited bench most whenFull)

/// One application in several processes.
let private sitesOf (bench: Bench) most whenFull : Task<Site list> =
    task {
        let! drivers = bench.OpenWriters()
        let application = Site.NewApplication()

        return
            [ for driver in drivers ->
                  bench.Own(new Site(driver, bench.Clock, application, Site.Secrets, limited bench most whenFull)) ]
    }

/// In one process, or in several.
let private allowing (several: bool) (bench: Bench) most whenFull : Task<Site list> =
    if several then
        sitesOf bench most whenFull
    else
        Task.FromResult [ bench.Own(siteOf bench most whenFull) ]

/// Whether the sign-in was let through.
let private signsIn (site: Site) (owner: string) (browser: Browser) : Task<bool> =
    task {
        try
            let! _ = site.Step browser (Session.signIn owner)
            return true
        with :? SessionLimitException as e ->
            e.Session |> Expect.equal "the session that it names" "web"
            return false
    }

let private alive (site: Site) (browsers: Browser list) : Task<bool list> =
    task {
        let found = ResizeArray()

        for browser in browsers do
            let! isAlive = isAlive site browser
            found.Add isAlive

        return List.ofSeq found
    }

let private oneAfterAnother (under: DriverUnderTest) =
    let test name = Bench.test under [ Need.Owners ] name

    [ test "end_oldest: a sign-in over the limit ends the oldest, and nobody else's"
      <| fun bench ->
          task {
              use site = siteOf bench 2 WhenFull.EndOldest
              let browsers = [ for _ in 1..4 -> Browser() ]
              let bob = Browser()
              let! _ = signsIn site "bob" bob

              for browser in browsers do
                  let! isIn = signsIn site "alice" browser
                  isIn |> Expect.isTrue "signed in"
                  bench.Clock.Advance(TimeSpan.FromSeconds 1.)

              let! found = alive site (bob :: browsers)
              found |> Expect.equal "bob, and alice's two newest" [ true; false; false; true; true ]
          }

      test "refuse: a sign-in over the limit is refused, and there is room again after a sign-out and after an end"
      <| fun bench ->
          task {
              use site = siteOf bench 2 WhenFull.Refuse
              let first, second, third = Browser(), Browser(), Browser()
              let! _ = signsIn site "alice" first
              let! _ = signsIn site "alice" second
              let! _ = site.Step third increment
              let! isIn = signsIn site "alice" third
              isIn |> Expect.isFalse "the third"
              let! session = site.Load third
              Session.getOr visits 0 session |> Expect.equal "what the visitor had stays" 1
              let! devices = site.ForOwner "alice"
              devices |> Expect.hasLength "nothing of the refused one is left" 2
              let! isIn = signsIn site "bob" third
              isIn |> Expect.isTrue "another owner"
              let! _ = site.Step first Session.signOut
              let! isIn = signsIn site "alice" (Browser())
              isIn |> Expect.isTrue "after a sign-out"
              bench.Clock.Advance(TimeSpan.FromMinutes 21.)
              let! isIn = signsIn site "alice" (Browser())
              isIn |> Expect.isTrue "after their idle end"
          }

      test "a session that is signed in again, or changes its id, does not count twice"
      <| fun bench ->
          task {
              for whenFull in [ WhenFull.EndOldest; WhenFull.Refuse ] do
                  use site = siteOf bench 2 whenFull
                  let first, second = Browser(), Browser()
                  let! _ = signsIn site "alice" first
                  let! _ = signsIn site "alice" second

                  for _ in 1..3 do
                      bench.Clock.Advance(TimeSpan.FromSeconds 1.)
                      let! isIn = signsIn site "alice" first
                      isIn |> Expect.isTrue "signed in again"
                      let! _ = site.Step second Session.regenerate
                      let! _ = site.Step second (fun session -> Session.signIn "alice" (Session.signOut session))
                      ()

                  let! found = alive site [ first; second ]
                  found |> Expect.equal $"{whenFull}: both are there" [ true; true ]
          }

      test "end_oldest: within one tick of the clock, the newest sign-in stays"
      <| fun bench ->
          task {
              use site = siteOf bench 1 WhenFull.EndOldest
              let browsers = [ for _ in 1..10 -> Browser() ]

              for browser in browsers do
                  let! _ = signsIn site "alice" browser
                  let! isThere = isAlive site browser
                  isThere |> Expect.isTrue "the one that has just signed in"

              let! found = alive site browsers
              found |> Expect.equal "only the last" [ for n in 1..10 -> n = 10 ]
          }

      test "a limit that is new ends hundreds, and leaves the newest"
      <| fun bench ->
          task {
              let application = Site.NewApplication()
              let siteWith change = new Site(bench.Driver, bench.Clock, application, Site.Secrets, change)
              use before = siteWith (settings bench)
              let older, newer = Browser(), Browser()
              let! _ = signsIn before "alice" older
              bench.Clock.Advance(TimeSpan.FromSeconds 1.)

              for _ in 1..210 do
                  let! _ = signsIn before "alice" (Browser())
                  ()

              bench.Clock.Advance(TimeSpan.FromSeconds 1.)
              let! _ = signsIn before "alice" newer
              bench.Clock.Advance(TimeSpan.FromSeconds 1.)
              use after = siteWith (limited bench 2 WhenFull.EndOldest)
              let newest = Browser()
              let! _ = signsIn after "alice" newest
              let! found = alive after [ older; newer; newest ]
              found |> Expect.equal "the two newest" [ false; true; true ]
              let! devices = after.ForOwner "alice"
              devices |> Expect.hasLength "listed" 2
          } ]

let private atOnce (under: DriverUnderTest) =
    let test needs name = Bench.test under (Need.Owners :: needs) name
    let crowd = 50

    /// Signs in at once, and returns who was let through.
    let signedIn (sites: Site list) (browsers: Browser[]) =
        task {
            let isIn = Array.create browsers.Length false

            do!
                Crowd.run browsers.Length (fun n ->
                    task {
                        let! answer = signsIn sites[n % sites.Length] "alice" browsers[n]
                        isIn[n] <- answer
                    })

            return isIn
        }

    let standing (site: Site) (browsers: Browser[]) =
        task {
            let! found = alive site (List.ofArray browsers)
            let! devices = site.ForOwner "alice"
            return (found |> List.filter id |> List.length), devices.Length
        }

    [ for needs, where, several in [ [], "one registry", false; [ Need.SwapBetweenProcesses ], "two processes", true ] do
          test needs $"end_oldest: after {crowd} sign-ins at once through {where}, as many are alive as are allowed"
          <| fun bench ->
              task {
                  let! sites = allowing several bench 5 WhenFull.EndOldest

                  let browsers = Array.init crowd (fun _ -> Browser())
                  let! isIn = signedIn sites browsers
                  isIn |> Array.forall id |> Expect.isTrue "all were signed in"
                  let! alive, listed = standing sites.Head browsers
                  (alive, listed) |> Expect.equal "alive and listed" (5, 5)
              }

          test needs $"refuse: of {crowd} sign-ins at once through {where}, no more than allowed are let through"
          <| fun bench ->
              task {
                  let! sites = allowing several bench 5 WhenFull.Refuse

                  let browsers = Array.init crowd (fun _ -> Browser())
                  let! isIn = signedIn sites browsers
                  let through = isIn |> Array.filter id |> Array.length
                  let! alive, listed = standing sites.Head browsers
                  (alive, listed) |> Expect.equal "those who were let through are alive" (through, through)
                  (through, 5) |> Expect.isLessThanOrEqual "the limit"

                  if several then
                      // Processes that refuse each other try again, so some get in.
                      (through, 0) |> Expect.isGreaterThan "somebody is let through"
                  else
                      through |> Expect.equal "one process gives away every place" 5
              } ]

let private whileMoving (under: DriverUnderTest) =
    [ for whenFull in [ WhenFull.EndOldest; WhenFull.Refuse ] do
          Bench.test
              under
              [ Need.Owners ]
              $"{whenFull}: a session that changes its id while its owner signs in does not count twice"
          <| fun bench ->
              task {
                  use site = siteOf bench 3 whenFull
                  let oldest, moving = Browser(), Browser()
                  let! _ = signsIn site "alice" oldest
                  bench.Clock.Advance(TimeSpan.FromSeconds 1.)
                  let! _ = signsIn site "alice" moving

                  for round in 1..10 do
                      bench.Clock.Advance(TimeSpan.FromSeconds 1.)
                      let newest = Browser()
                      let mutable isIn = false

                      do!
                          Crowd.run 2 (fun n ->
                              task {
                                  if n = 0 then
                                      let! _ = site.Step moving Session.regenerate
                                      ()
                                  else
                                      let! answer = signsIn site "alice" newest
                                      isIn <- answer
                              })

                      isIn |> Expect.isTrue $"signed in, round {round}"
                      let! found = alive site [ oldest; moving; newest ]
                      found |> Expect.equal $"all three, round {round}" [ true; true; true ]
                      let! _ = site.Step newest Session.signOut
                      ()
              } ]

let tests (under: DriverUnderTest) : Test = testList "limits" (oneAfterAnother under @ whileMoving under @ atOnce under)
