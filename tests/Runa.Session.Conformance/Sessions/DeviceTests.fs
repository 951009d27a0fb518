/// The sessions of an owner, listed and ended.
module internal Runa.Session.Conformance.DeviceTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Sites

let private signedIn (site: Site) (owner: string) (label: string) =
    task {
        let browser = Browser()
        let client = Session.withClient (Some "192.0.2.7") (Some $"Mozilla on a {label}")
        let! _ = site.Step browser (Session.signIn owner >> Session.withLabel label >> client)
        return browser
    }

let private labels (site: Site) (owner: string) =
    task {
        let! devices = site.ForOwner owner
        return devices |> List.choose _.Label |> List.sort
    }

let private listing (under: DriverUnderTest) =
    let test name = Bench.test under [ Need.Owners ] name

    [ test "promise 27: an owner's sessions are listed, ended one by one, all others, and all, on every node at once"
      <| fun bench ->
          task {
              let! sites = startSeveral bench
              let here, there = sites.Head, List.last sites
              let! phone = signedIn here "alice" "phone"
              let! laptop = signedIn there "alice" "laptop"
              let! tablet = signedIn here "alice" "tablet"
              let! watch = signedIn here "alice" "watch"
              let! bob = signedIn here "bob" "bob's"
              let! found = labels there "alice"
              found |> Expect.equal "listed" [ "laptop"; "phone"; "tablet"; "watch" ]
              let! devices = here.ForOwner "alice"

              for device in devices do
                  let expected = Some "192.0.2.7", device.Label |> Option.map (fun label -> $"Mozilla on a {label}")
                  let found = device.Client |> Option.bind _.Address, device.Client |> Option.bind _.Agent
                  found |> Expect.equal "the client" expected

              let! session = here.Load tablet
              let handle = (SessionRegistry.handle session).Value
              let! isEnded = SessionRegistry.revoke "web" "bob" handle CancellationToken.None there.Registry
              isEnded |> Expect.isFalse "it is not bob's"
              let! isEnded = SessionRegistry.revoke "web" "alice" handle CancellationToken.None there.Registry
              isEnded |> Expect.isTrue "ended"
              let! alive = isAlive here tablet
              alive |> Expect.isFalse "the tablet"
              let! session = here.Load phone
              let! ended = SessionRegistry.revokeOthers session CancellationToken.None here.Registry
              ended |> Expect.equal "two others" 2

              for browser, expected in [ phone, true; laptop, false; watch, false; bob, true ] do
                  let! alive = isAlive there browser
                  alive |> Expect.equal "after ending the others" expected

              let! ended = there.RevokeOwner "alice"
              ended |> Expect.equal "the last one" 1
              let! alive = isAlive here phone
              alive |> Expect.isFalse "the phone"
              let! alive = isAlive here bob
              alive |> Expect.isTrue "bob's"
          }

      test "promise 27: ending the others leaves one's own, however often it has just changed its id"
      <| fun bench ->
          task {
              use site = start bench
              let browser = Browser()
              let! _ = site.Step browser increment
              let! _ = site.Step browser (Session.signIn "alice")
              let! _ = site.Step browser Session.regenerate
              let! _ = site.Step browser Session.regenerate
              let! other = signedIn site "alice" "other"
              let! _ = site.Step other Session.regenerate
              let! session = site.Load browser
              let! ended = SessionRegistry.revokeOthers session CancellationToken.None site.Registry
              ended |> Expect.equal "the other" 1
              let! alive = isAlive site browser
              alive |> Expect.isTrue "its own"
              let! alive = isAlive site other
              alive |> Expect.isFalse "the other"
          }

      test "promise 27: everybody's sessions of a name end at once, those without an owner too, and no other name's"
      <| fun bench ->
          task {
              use site = start bench
              use elsewhere = start bench
              let! alice = signedIn site "alice" "phone"
              let stranger = Browser()
              let! _ = site.Step stranger increment
              let admin = Browser()
              let! committed = SessionRegistry.update "admin" None increment CancellationToken.None site.Registry
              admin.Receive committed.Cookies
              let! other = signedIn elsewhere "alice" "elsewhere"
              let! ended = SessionRegistry.revokeAll "web" CancellationToken.None site.Registry
              ended |> Expect.equal "both" 2
              let! alive = isAlive site alice
              alive |> Expect.isFalse "owned"
              let! alive = isAlive site stranger
              alive |> Expect.isFalse "without an owner"
              let! session = site.LoadAs "admin" admin
              Session.status session |> Expect.equal "another name" SessionStatus.Active
              let! alive = isAlive elsewhere other
              alive |> Expect.isTrue "another application"
          }

      test "promise 7: a session that has ended is not in its owner's list"
      <| fun bench ->
          task {
              use site = start bench
              let! _ = signedIn site "alice" "phone"
              bench.Clock.Advance(TimeSpan.FromMinutes 19.)
              let! _ = signedIn site "alice" "laptop"
              bench.Clock.Advance(TimeSpan.FromMinutes 1.)
              let! found = labels site "alice"
              found |> Expect.equal "the later one" [ "laptop" ]
          }

      test "promise 27: sessions of more than one page are all ended"
      <| fun bench ->
          task {
              use site = start bench
              let browsers = Array.init 230 (fun _ -> Browser())

              do!
                  Crowd.run browsers.Length (fun n ->
                      task {
                          let! _ = site.Step browsers[n] (Session.signIn "alice")
                          ()
                      })

              let! ended = site.RevokeOwner "alice"
              ended |> Expect.equal "all" browsers.Length
              let! left = site.ForOwner "alice"
              left |> Expect.isEmpty "none is left"
          } ]

let private races (under: DriverUnderTest) =
    let test name = Bench.test under [ Need.Owners; Need.Swap ] name

    [ test "promise 4, 27: a sign-in that is under way while its owner is revoked loses"
      <| fun bench ->
          task {
              for after in [ false; true ] do
                  for change in [ id; increment ] do
                      let application = Site.NewApplication()

                      let site driver = new Site(driver, bench.Clock, application, Site.Secrets, settings bench)

                      use other = site bench.Driver

                      // The revocation comes just before the new record is created, or just after.
                      let meddled =
                          { bench.Driver with
                              Create =
                                  fun key record token ->
                                      ValueTask<bool>(
                                          task {
                                              if not after && record.State.Owner.IsSome then
                                                  let! _ = other.RevokeOwner "alice"
                                                  ()

                                              let! isCreated = bench.Driver.Create key record token

                                              if after && record.State.Owner.IsSome then
                                                  let! _ = other.RevokeOwner "alice"
                                                  ()

                                              return isCreated
                                          }
                                      ) }

                      use slow = site meddled
                      let browser = Browser()
                      let! _ = slow.Step browser change
                      let! isTold = conflicts (fun () -> slow.Step browser (Session.signIn "alice"))
                      isTold |> Expect.isTrue "SessionConflictException"
                      let! session = other.Load browser
                      Session.owner session |> Expect.isNone "not signed in"
                      let! left = other.ForOwner "alice"
                      left |> Expect.isEmpty "nothing of alice's is left"
          }

      test "promise 4, 9, 27: a regenerate that is under way does not outlive the revocation of its owner"
      <| fun bench ->
          task {
              let! sites = startSeveral bench

              for _ in 1..20 do
                  let owner = Records.newOwner ()
                  let! browser = signedIn sites.Head owner "phone"
                  let moving = browser.Copy()

                  let! _ =
                      Crowd.together 2 (fun n ->
                          if n = 0 then
                              conflicts (fun () -> sites.Head.Step moving Session.regenerate)
                          else
                              task {
                                  let! _ = (List.last sites).RevokeOwner owner
                                  return false
                              })

                  for tab in [ browser; moving ] do
                      let! alive = isAlive sites.Head tab
                      alive |> Expect.isFalse "alive after the revocation"

                  let! left = sites.Head.ForOwner owner
                  left |> Expect.isEmpty "nothing is left"
          } ]

let tests (under: DriverUnderTest) : Test = testList "devices" (listing under @ races under)
