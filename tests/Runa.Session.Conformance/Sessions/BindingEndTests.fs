/// The setting DeviceBound: how bindings are kept, and how devices are forgotten.
module internal Runa.Session.Conformance.BindingEndTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Sites
open Runa.Session.Conformance.BoundVisits

let private here (sites: Site list) = List.head sites
let private there (sites: Site list) = List.last sites
let private pass (bench: Bench) (minutes: float) = bench.Clock.Advance(TimeSpan.FromMinutes minutes)

let private isKept what (site: Site) (user: BoundUser) =
    task {
        let! session = Visits.read site user.Browser
        session |> holds what SessionStatus.Active
        Session.device session |> Expect.equal $"{what}: still bound" SessionDevice.Bound
        let! session = Visits.read site (unproven user)
        session |> holds $"{what}: others are not the device" SessionStatus.Unproven
        let! status = refreshes site user
        status |> Expect.equal $"{what}: a refresh" 200
    }

let private isForgotten what (site: Site) (user: BoundUser) =
    task {
        let! status = refreshes site user
        status |> Expect.equal $"{what}: a refresh" 401
    }

let private ending (under: DriverUnderTest) =
    let test needs = Bench.test under (Need.SwapBetweenProcesses :: needs)

    [ test [] "promise 29: a sign-out forgets the device, and expires both cookies"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let! user = signIn (here sites) "alice"
              let! _ = Visits.step (there sites) user.Browser Session.signOut
              user.Browser.Header |> Expect.isNone "no cookie is left"
              do! isForgotten "signed out" (here sites) user
          }

      test [ Need.Owners ] "promise 27, 29: whoever ends sessions from outside forgets their devices, and no others"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let owner, other = Records.newOwner (), Records.newOwner ()
              let token = CancellationToken.None
              let! first = signIn (here sites) owner
              let! second = signIn (there sites) owner
              let! third = signIn (here sites) owner
              let! bobs = signIn (here sites) other
              let! session = (here sites).Load first.Browser
              let handle = (SessionRegistry.handle session).Value
              let! isEnded = SessionRegistry.revoke "web" owner handle token (there sites).Registry
              isEnded |> Expect.isTrue "revoked by handle"
              do! isForgotten "revoked" (here sites) first
              let! session = (here sites).Load second.Browser
              let! _ = SessionRegistry.revokeOthers session token (there sites).Registry
              do! isForgotten "one of the others" (here sites) third
              do! isKept "the one that is spared" (here sites) second
              let! _ = (there sites).RevokeOwner owner
              do! isForgotten "its owner's" (here sites) second
              do! isKept "another owner's" (there sites) bobs
              let! _ = SessionRegistry.revokeAll "web" token (here sites).Registry
              do! isForgotten "everybody's" (there sites) bobs
          }

      test [ Need.Owners ] "promise 29: a sign-in over the limit forgets the device of the session that it ends"
      <| fun bench ->
          task {
              let! sites = sitesWith (fun o -> { o with MaxSessions = Some 1 }) bench
              let owner = Records.newOwner ()
              let! first = signIn (here sites) owner
              pass bench 1.
              let! second = signIn (there sites) owner
              do! isForgotten "the oldest" (here sites) first
              do! isKept "the newest" (here sites) second
          }

      test [ Need.Owners ] "promise 29: a device is in no list of sessions, and counts for no limit"
      <| fun bench ->
          task {
              let! sites = sitesWith (fun o -> { o with MaxSessions = Some 2 }) bench
              let owner = Records.newOwner ()
              let! first = signIn (here sites) owner
              let! _ = signIn (there sites) owner
              let! listed = (here sites).ForOwner owner
              listed.Length |> Expect.equal "listed" 2
              do! isKept "within the limit" (there sites) first
              let! ended = (there sites).RevokeOwner owner
              ended |> Expect.equal "ended" 2
          }

      test [ Need.Count ] "promise 29: a device is not counted"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let! _ = signIn (here sites) "alice"
              let! _ = signIn (there sites) "bob"
              let! found = SessionRegistry.count "web" CancellationToken.None (there sites).Registry
              found |> Expect.equal "sessions" { Sessions = 2L; SignedIn = 2L }
          } ]

let private keeping (under: DriverUnderTest) =
    let test needs = Bench.test under (Need.SwapBetweenProcesses :: needs)

    [ test [] "promise 29: regenerate, a reauthentication and the same user's sign-in keep the binding"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let! user = signIn (here sites) "alice"

              for what, change in
                  [ "regenerate", Session.regenerate
                    "reauthenticate", Session.reauthenticate
                    "the same user's sign-in", Session.signIn "alice" ] do
                  let! struct (_, offer) = Visits.visit (there sites) user.Browser change
                  offer.IsNone |> Expect.isTrue $"{what}: nothing is offered"
                  do! isKept what (here sites) user
          }

      test [] "promise 29: another user's sign-in drops the binding, forgets the device, and offers a new one"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let! user = signIn (here sites) "alice"
              let! next = begin' (there sites) user.Browser (Session.signIn "bob")
              next.Id |> Expect.notEqual "another device" user.Id
              do! isForgotten "alice's" (here sites) user
              do! isKept "bob's" (here sites) next
          }

      test [] "promise 29: a session whose token is rotated keeps its binding"
      <| fun bench ->
          task {
              let rotating (o: SessionSettings) = { o with Rotate = Some(TimeSpan.FromMinutes 15.) }
              let! sites = sitesWith rotating bench
              let! user = signIn (here sites) "alice"
              let first = user.Browser.Copy()
              let mutable challenge = user.Challenge

              for n in 1..2 do
                  pass bench 9.
                  let! reply = refreshBy (there sites) user challenge
                  statusOf reply |> Expect.equal "refreshed" 200
                  challenge <- challengeOf reply
                  let! _ = Visits.step (here sites) user.Browser increment
                  user.Browser.Values = first.Values |> Expect.isFalse $"the cookies, {n}"

              do! isKept "rotated" (there sites) user
              let! session = Visits.read (here sites) user.Browser
              Session.getOr visits 0 session |> Expect.equal "no change was lost" 2
          }

      test [] "promise 29: a sealed session is bound, and its values can be read"
      <| fun bench ->
          task {
              let! sites = sitesWith (fun o -> { o with Sealed = true }) bench
              let! user = signIn (here sites) "alice"
              let! _ = Visits.step (there sites) user.Browser increment
              let! reply = refreshBy (there sites) user user.Challenge
              statusOf reply |> Expect.equal "refreshed" 200
              let! session = Visits.read (here sites) user.Browser
              Session.tryGet text session |> Expect.equal "its values" (Some "mine")
              do! isKept "sealed" (there sites) user
          }

      test [] "promise 24, 29: a new secret before the old one keeps devices, bound cookies and challenges good"
      <| fun bench ->
          task {
              let application = Site.NewApplication()
              let newSecret = "another 9876543210 zyxwvutsrqponmlkjihgfedcba"

              let site secrets = bench.Own(new Site(bench.Driver, bench.Clock, application, secrets, offering bench))

              let before = site Site.Secrets
              let browser, device = Browser(), Device()
              let! struct (_, offer) = Visits.visit before browser (Session.signIn "alice")
              let after = site (newSecret :: Site.Secrets)
              let! offered = register after browser device offer.Value
              let! session = Visits.read after offered.Browser
              Session.device session |> Expect.equal "a binding that was under way" SessionDevice.Bound
              let! user = signIn before "bob"
              let! session = Visits.read after user.Browser
              session |> holds "the bound cookie" SessionStatus.Active
              let! reply = refreshBy after user user.Challenge
              statusOf reply |> Expect.equal "the challenge" 200
              let only = site [ newSecret ]
              let! status = refreshes only user
              status |> Expect.equal "the device, once the old secret is gone" 200
          } ]

let tests (under: DriverUnderTest) : Test = testList "devices of sessions" (ending under @ keeping under)
