module Runa.Session.Tests.SessionRegistryTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Hosting
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

let private none = CancellationToken.None

let private open' () =
    let clock = clock ()
    clock, registry clock (memory clock)

let private load registry name header = SessionRegistry.load name header none registry |> wait
let private commit registry session = SessionRegistry.commit session none registry |> wait

/// What the browser holds after a request that did this.
let private request registry name header (change: Session -> Session) =
    nextHeader header (commit registry (change (load registry name header))).Cookies

let private misuse (work: unit -> 'T) =
    try
        work () |> ignore
        failtest "nothing was raised"
    with :? InvalidOperationException as e ->
        e.Message

[<Tests>]
let tests =
    testList
        "SessionRegistry"
        [ testCase "promise 13, 17: what was committed is what the next request loads"
          <| fun () ->
              let _, registry = open' ()
              let header = request registry "web" None (Session.set note "hello" >> increment)
              let next = load registry "web" header
              Session.tryGet note next |> Expect.equal "text" (Some "hello")
              Session.tryGet count next |> Expect.equal "number" (Some 1)

          testCase "promise 21: a commit that changes no cookie sends none"
          <| fun () ->
              let _, registry = open' ()
              let header = request registry "web" None increment
              (commit registry (increment (load registry "web" header))).Cookies |> Expect.equal "none" []

          testCase "the session that a commit returns can be changed and committed again"
          <| fun () ->
              let _, registry = open' ()
              let first = commit registry (increment (load registry "web" None))
              let second = commit registry (increment first.Session)
              second.Cookies |> Expect.equal "no other cookie" []
              Session.getOr count 0 (load registry "web" (cookieHeader first.Cookies)) |> Expect.equal "both" 2

          testCase "promise 12: a commit onto a newer session merges"
          <| fun () ->
              let _, registry = open' ()
              let header = request registry "web" None increment
              let slow = load registry "web" header
              request registry "web" header increment |> ignore
              commit registry (Session.set note "mine" slow) |> ignore
              let found = load registry "web" header
              (Session.getOr count 0 found, Session.tryGet note found) |> Expect.equal "both" (2, Some "mine")

          testCase "promise 2, 22: names live side by side, and a cookie of one is ignored by the other"
          <| fun () ->
              let _, registry = open' ()
              let web = (request registry "web" None increment).Value
              let admin = (request registry "admin" None (increment >> increment)).Value
              let both = Some $"{web}; {admin}"
              Session.getOr count 0 (load registry "web" both) |> Expect.equal "web" 1
              Session.getOr count 0 (load registry "admin" both) |> Expect.equal "admin" 2
              let forged = admin.Substring(0, admin.IndexOf '=' + 1) + web.Substring(web.IndexOf '=' + 1)
              Session.status (load registry "admin" (Some forged)) |> Expect.equal "ignored" SessionStatus.New

          testCase "promise 23: an unknown name names the known ones, and the nearest"
          <| fun () ->
              let _, registry = open' ()
              let message = misuse (fun () -> load registry "wbe" None)
              message |> Expect.stringContains "nearest" "Did you mean \"web\"?"
              message |> Expect.stringContains "known" "admin, api, web"

          testCase "promise 12: update runs its step again on the newer session"
          <| fun () ->
              let _, registry = open' ()
              let update header step = SessionRegistry.update "web" header step none registry
              let header = cookieHeader (wait (update None increment)).Cookies
              let both = atOnce (List.replicate 200 (fun () -> update header increment))
              both |> List.forall (fun committed -> committed.Cookies.IsEmpty) |> Expect.isTrue "no other cookie"
              Session.getOr count 0 (load registry "web" header) |> Expect.equal "all" 201

          testCase "promise 23: update names the known sessions when it does not know this one"
          <| fun () ->
              let _, registry = open' ()

              misuse (fun () -> SessionRegistry.update "wbe" None increment none registry |> wait)
              |> Expect.stringContains "known" "admin, api, web"

          testCase "update refuses a session that its step was not given"
          <| fun () ->
              let _, registry = open' ()
              let captured = load registry "web" None

              misuse (fun () -> SessionRegistry.update "web" None (fun _ -> increment captured) none registry |> wait)
              |> Expect.stringContains "says so" "use its own argument"

          testCase "a session that the registry did not load is refused"
          <| fun () ->
              let _, registry = open' ()
              let _, other = open' ()

              for session in [ Session.empty "web"; load other "web" None ] do
                  misuse (fun () -> commit registry session)
                  |> Expect.stringContains "says so" "not loaded by this registry"

          testCase "promise 15: the token cancels before the first store call"
          <| fun () ->
              let clock = clock ()
              let driver = TestDriver.Counting(memory clock)
              let registry = registry clock driver.Driver
              let session = load registry "web" None
              let cancelled = CancellationToken true

              for work in
                  [ fun () -> SessionRegistry.load "web" None cancelled registry :> Task
                    fun () -> SessionRegistry.commit (increment session) cancelled registry :> Task
                    fun () -> SessionRegistry.update "web" None increment cancelled registry :> Task ] do
                  try
                      work().GetAwaiter().GetResult()
                      failtest "nothing was raised"
                  with :? OperationCanceledException ->
                      ()

              driver.Calls |> Expect.equal "no call" []

          testCase "info tells of every session, and which is the default"
          <| fun () ->
              let clock = clock ()

              let registry =
                  setup clock (memory clock)
                  |> SessionSetup.session "admin" (fun o ->
                      { o with IdleTimeout = Some(TimeSpan.FromMinutes 5.); Meta = Map [ "team", "ops" ] })
                  |> SessionRegistry.create

              let infos = SessionRegistry.info registry
              infos |> List.map _.Name |> List.sort |> Expect.equal "names" [ "admin"; "api"; "web" ]
              infos |> List.filter _.Default |> List.map _.Name |> Expect.equal "default" [ "web" ]
              let admin = infos |> List.find (fun info -> info.Name = "admin")

              (admin.Driver, admin.CookieName, admin.Ttl, admin.IdleTimeout, admin.Meta)
              |> Expect.equal
                  "admin"
                  ("memory",
                   "__Host-runa_admin_session",
                   TimeSpan.FromHours 2.,
                   Some(TimeSpan.FromMinutes 5.),
                   Map [ "team", "ops" ])

          testCase "promise 27: devices are listed and ended: one, the others, all, everybody's"
          <| fun () ->
              let _, registry = open' ()
              let signIn owner = request registry "web" None (Session.signIn owner)
              let isAlive header = Session.status (load registry "web" header) = SessionStatus.Active
              let phone, desk, tablet, bob = signIn "alice", signIn "alice", signIn "alice", signIn "bob"
              let devices () = SessionRegistry.forOwner "web" "alice" none registry |> wait
              devices () |> List.length |> Expect.equal "three" 3
              let handle = (SessionRegistry.handle (load registry "web" phone)).Value
              SessionRegistry.revoke "web" "alice" handle none registry |> wait |> Expect.isTrue "one"
              [ phone; desk; tablet ] |> List.map isAlive |> Expect.equal "the phone" [ false; true; true ]
              SessionRegistry.revokeOthers (load registry "web" desk) none registry
              |> wait
              |> Expect.equal "others" 1
              [ desk; tablet ] |> List.map isAlive |> Expect.equal "the tablet" [ true; false ]
              SessionRegistry.revokeOwner "web" "alice" none registry |> wait |> Expect.equal "all" 1
              devices () |> Expect.isEmpty "none"
              SessionRegistry.revokeAll "web" none registry |> wait |> Expect.equal "everybody's" 1
              isAlive bob |> Expect.isFalse "bob's too"

          testCase "promise 27: one name's revocation leaves the other names alone"
          <| fun () ->
              let _, registry = open' ()
              let admin = request registry "admin" None (Session.signIn "alice")
              SessionRegistry.revokeOwner "web" "alice" none registry |> wait |> Expect.equal "none" 0
              SessionRegistry.revokeAll "web" none registry |> wait |> Expect.equal "none" 0
              Session.owner (load registry "admin" admin) |> Expect.equal "alive" (Some "alice")

          testCase "revokeOthers of a session without an owner ends none"
          <| fun () ->
              let _, registry = open' ()
              let header = request registry "web" None increment
              SessionRegistry.revokeOthers (load registry "web" header) none registry
              |> wait
              |> Expect.equal "none" 0

          testCase "a scope without a host is refused"
          <| fun () ->
              let clock = clock ()
              let registry = registry clock (memory clock)
              Expect.throwsT<ArgumentNullException> "refused" (fun () ->
                  HostedRegistry.scope "web" (Unchecked.defaultof<IScopeHost>) registry |> ignore)

          testCase "promise 11: purgeExpired removes what expired, and tells how many"
          <| fun () ->
              let clock = clock ()
              let driver = memory clock
              // Behind the driver's own timer: the registry's clock stands still.
              let registry = registry (Setups.clock ()) driver
              request registry "web" None increment |> ignore
              SessionRegistry.purgeExpired none registry |> wait |> Expect.equal "not yet" 0
              clock.Advance(TimeSpan.FromHours 2.)
              SessionRegistry.purgeExpired none registry |> wait |> Expect.equal "alive by another clock" 0
              clock.Advance SessionDriver.clockTolerance
              SessionRegistry.purgeExpired none registry |> wait |> Expect.equal "one" 1

          testCase "promise 11: what expired goes without anybody's request"
          <| fun () ->
              let clock = clock ()
              let driver = memory clock
              let registry = registry clock driver
              request registry "web" None increment |> ignore
              clock.Advance(TimeSpan.FromHours 2.)
              (driver.PurgeExpired none).Result |> Expect.equal "nothing is left to purge" 0
              GC.KeepAlive registry

          testCase "promise 11, 25: a purge that fails is tried again"
          <| fun () ->
              let clock = clock ()
              let inner = memory clock
              let driver = TestDriver.Failing(inner, [ StoreOperation.Purge ])
              let registry = registry clock driver.Driver
              request registry "web" None increment |> ignore
              clock.Advance(TimeSpan.FromHours 2.)
              // The timer's purges have failed until now.
              (driver.Count StoreOperation.Purge, 1) |> Expect.isGreaterThanOrEqual "tried"
              driver.Behave <- fun _ -> Behaviour.Pass
              clock.Advance(TimeSpan.FromMinutes 1.)
              (inner.PurgeExpired none).Result |> Expect.equal "nothing is left to purge" 0 ]
