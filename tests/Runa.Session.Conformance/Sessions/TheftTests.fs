/// The settings Rotate and OnTheft.
module internal Runa.Session.Conformance.TheftTests

open System
open System.Threading
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Sites

let private rotating (bench: Bench) (o: SessionSettings) : SessionSettings =
    { settings bench o with Rotate = Some(TimeSpan.FromMinutes 15.) }

/// One application in two processes, which rotates.
let private sitesWith (change: SessionSettings -> SessionSettings) (bench: Bench) =
    task {
        let! drivers = bench.OpenWriters()
        let application = Site.NewApplication()

        return
            [ for driver in drivers ->
                  bench.Own(new Site(driver, bench.Clock, application, Site.Secrets, rotating bench >> change)) ]
    }

let private here (sites: Site list) = List.head sites
let private there (sites: Site list) = List.last sites
let private pass (bench: Bench) (minutes: float) = bench.Clock.Advance(TimeSpan.FromMinutes minutes)

let private holds what status (session: Session) = Session.status session |> Expect.equal $"{what}: the status" status

/// The user, who has just been given another token and has shown it, and a copy of the token before.
let private copied (bench: Bench) (sites: Site list) (owner: string) =
    task {
        let user = Browser()
        let! _ = Visits.step (here sites) user (Session.signIn owner >> Session.set text "mine")
        let copy = user.Copy()
        pass bench 15.
        let! _ = Visits.read (there sites) user
        user.Values |> Expect.notEqual "another token" copy.Values
        let! session = Visits.read (here sites) user
        session |> holds "the user" SessionStatus.Active
        return user, copy
    }

let private rotation (under: DriverUnderTest) =
    let test needs = Bench.test under (Need.SwapBetweenProcesses :: needs)

    [ test [] "promise 29: the token of a user's session is exchanged, and the record stays under its key"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let user = Browser()
              let! _ = Visits.step (here sites) user (Session.signIn "alice" >> Session.set text "mine")
              let! key = (here sites).KeyOf user
              let mutable earlier = [ user.Values ]

              for n in 1..4 do
                  pass bench 15.
                  let! _ = Visits.step (there sites) user increment
                  earlier |> List.contains user.Values |> Expect.isFalse "a token that there was not before"
                  earlier <- user.Values :: earlier
                  let! session = Visits.read (here sites) user
                  Session.getOr visits 0 session |> Expect.equal "the change of the request that rotated" n
                  Session.tryGet text session |> Expect.equal "what was there" (Some "mine")
                  let! found = (here sites).KeyOf user
                  found |> Expect.equal "the key" key
          }

      test [] "promise 29: a lost answer heals, on every node and however late"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let user = Browser()
              let! _ = Visits.step (here sites) user (Session.signIn "alice")
              let lost = user.Copy()
              pass bench 15.
              let! _ = Visits.read (here sites) user
              pass bench 18.
              let! session = Visits.read (there sites) lost
              session |> holds "served" SessionStatus.Active
              lost.Values |> Expect.equal "the same token again" user.Values
          }

      test [] "promise 29: 16 requests at once rotate once, and lose no change"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let user = Browser()
              let! _ = Visits.step (here sites) user (Session.signIn "alice")
              pass bench 15.
              let tabs = Array.init 16 (fun _ -> user.Copy())

              let! seen = Crowd.together tabs.Length (fun n -> Visits.step (sites[n % sites.Length]) tabs[n] increment)

              for session in seen do
                  session |> holds "each" SessionStatus.Active

              tabs |> Array.map _.Values |> Array.distinct |> Array.length |> Expect.equal "one token" 1
              tabs[0].Values |> Expect.notEqual "another one" user.Values
              let! session = Visits.read (there sites) tabs[0]
              Session.getOr visits 0 session |> Expect.equal "every change" tabs.Length
          }

      test [] "promise 29: a sealed session rotates, and opens under every token"
      <| fun bench ->
          task {
              let! sites = sitesWith (fun o -> { o with Sealed = true }) bench
              let! user, copy = copied bench sites "alice"
              let! session = Visits.read (there sites) copy
              Session.tryGet text session |> Expect.equal "with the one before, soon after" (Some "mine")
              let! _ = Visits.step (there sites) user (Session.set text "changed")
              let! session = Visits.read (here sites) user
              Session.tryGet text session |> Expect.equal "with the current one" (Some "changed")
              pass bench 6.
              let! session = Visits.read (here sites) copy
              session |> holds "the copy, later" SessionStatus.Taken
          } ]

let private theft (under: DriverUnderTest) =
    let test needs = Bench.test under (Need.SwapBetweenProcesses :: needs)

    [ test [] "promise 29: a late copy ends the session for both, and both are told, on every node"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let! user, copy = copied bench sites "alice"
              let! key = (here sites).KeyOf user
              pass bench 6.
              let! session = Visits.read (there sites) copy
              session |> holds "the copy" SessionStatus.Taken
              Session.isEmpty session |> Expect.isTrue "which sees nothing"
              let! session = Visits.read (here sites) user
              session |> holds "the user" SessionStatus.Taken
              let! found = bench.Driver.Load key CancellationToken.None
              found
              |> ValueOption.map (fun record -> SessionRecord.isTombstone record, record.State.Values.Count)
              |> Expect.equal "what is left is a tombstone without values" (ValueSome(true, 0))
              let! _ = Visits.step (here sites) user (Session.signIn "alice")
              let! session = Visits.read (there sites) user
              Session.owner session |> Expect.equal "who signs in again has another session" (Some "alice")
              let! session = Visits.read (there sites) copy
              session |> holds "the copy still has none" SessionStatus.Taken
          }

      test [ Need.Owners ] "promise 29: what is left of a taken session is in no list, and ends with its owner's"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let owner = Records.newOwner ()
              let! user, copy = copied bench sites owner
              let! devices = (there sites).ForOwner owner
              devices.Length |> Expect.equal "alive" 1
              pass bench 6.
              let! _ = Visits.read (here sites) copy
              let! devices = (there sites).ForOwner owner
              devices |> Expect.isEmpty "not listed"
              let! ended = (there sites).RevokeOwner owner
              ended |> Expect.equal "none was alive" 0
              let! session = Visits.read (here sites) user
              Session.status session |> Expect.notEqual "nor is it now" SessionStatus.Active
          }

      test [ Need.Count ] "promise 29: what is left of a taken session is not counted"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench
              let! _, copy = copied bench sites "alice"
              let count () = SessionRegistry.count "web" CancellationToken.None (there sites).Registry
              let! found = count ()
              found |> Expect.equal "alive" { Sessions = 1L; SignedIn = 1L }
              pass bench 6.
              let! _ = Visits.read (here sites) copy
              let! found = count ()
              found |> Expect.equal "taken" { Sessions = 0L; SignedIn = 0L }
          }

      test [] "promise 29: with on_theft = ignore, only the copy is refused"
      <| fun bench ->
          task {
              let! sites = sitesWith (fun o -> { o with OnTheft = OnTheft.Ignore }) bench
              let! user, copy = copied bench sites "alice"
              pass bench 6.
              let! session = Visits.read (there sites) copy
              session |> holds "the copy" SessionStatus.Taken
              let! session = Visits.read (there sites) user
              session |> holds "the user" SessionStatus.Active
          }

      test [ Need.Owners ] "promise 27, 29: a rotation that is under way does not outlive the revocation of its owner"
      <| fun bench ->
          task {
              let! sites = sitesWith id bench

              for n in 1..20 do
                  let owner = Records.newOwner ()
                  let user = Browser()
                  let! _ = Visits.step (here sites) user (Session.signIn owner)
                  let before = user.Copy()
                  pass bench 15.

                  let! _ =
                      Crowd.together 2 (fun actor ->
                          if (actor + n) % 2 = 0 then
                              task {
                                  let! _ = Visits.read (here sites) user
                                  return 0
                              }
                          else
                              (there sites).RevokeOwner owner)

                  for browser in [ user; before ] do
                      let! session = Visits.read (here sites) browser
                      session |> holds "after the revocation" SessionStatus.Expired

                  let! left = (here sites).ForOwner owner
                  left |> Expect.isEmpty "none is left"
          } ]

let private startup (under: DriverUnderTest) =
    [ Bench.test under [] "promise 29: rotate is a mistake at startup where the driver cannot compare and swap"
      <| fun bench ->
          task {
              let refusal =
                  try
                      use _ = new Site(bench.Driver, bench.Clock, Site.NewApplication(), Site.Secrets, rotating bench)
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

                  for part in [ "session \"web\": rotate = 15m"; "the driver \"under test\" cannot compare and swap" ] do
                      message |> Expect.stringContains "what is wrong" part
          } ]

let tests (under: DriverUnderTest) : Test = testList "thefts" (rotation under @ theft under @ startup under)
