/// One browser at a time: what is stored, what is read, and when it ends.
module internal Runa.Session.Conformance.LifeOfSessionsTests

open System
open System.Threading
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Conformance.Sites

type private Address = { Street: string; Number: int }

let private amount = SessionKey.create<decimal> "amount"
let private moment = SessionKey.create<DateTimeOffset> "moment"
let private address = SessionKey.create<Address option> "address"
let private pairs = SessionKey.create<(int * string) list> "pairs"
let private bytes = SessionKey.create<byte[]> "bytes"

let private values (under: DriverUnderTest) =
    let test = Bench.test under

    [ test [] "promise 13, 17: what a step stores is what the next request reads, with the same types"
      <| fun bench ->
          task {
              use site = start bench
              let browser = Browser()
              let home = Some { Street = "Straße \u0000 日本"; Number = -1 }
              let list = [ 1, "one"; 2, "\"two\"" ]
              let odd = bench.Now.AddTicks 3L

              let! _ =
                  site.Step browser (fun session ->
                      session
                      |> Session.set visits Int32.MinValue
                      |> Session.set text "\u0000\u2028𝔘"
                      |> Session.set amount 79228162514264337593543950335m
                      |> Session.set moment odd
                      |> Session.set address home
                      |> Session.set pairs list
                      |> Session.set bytes [| 0uy; 255uy |]
                      |> Session.withLabel "Firefox \u0000 🦊"
                      |> Session.withClient (Some "fe80::1%eth0") (Some "Mozilla \u0000 🦊"))

              let! session = site.Load browser
              Session.status session |> Expect.equal "status" SessionStatus.Active
              Session.tryGet visits session |> Expect.equal "int" (Some Int32.MinValue)
              Session.tryGet text session |> Expect.equal "string" (Some "\u0000\u2028𝔘")
              Session.tryGet amount session |> Expect.equal "decimal" (Some 79228162514264337593543950335m)
              Session.tryGet moment session |> Expect.equal "time" (Some odd)
              Session.tryGet address session |> Expect.equal "record" (Some home)
              Session.tryGet pairs session |> Expect.equal "list" (Some list)
              Session.tryGet bytes session |> Expect.equal "bytes" (Some [| 0uy; 255uy |])
              Session.label session |> Expect.equal "label" (Some "Firefox \u0000 🦊")
              let client = Session.client session
              client |> Option.bind _.Address |> Expect.equal "address" (Some "fe80::1%eth0")
              client |> Option.bind _.Agent |> Expect.equal "agent" (Some "Mozilla \u0000 🦊")
              Session.createdAt session |> Expect.equal "created" bench.Now
              Session.expiresAt session |> Expect.equal "its end" (bench.Now + TimeSpan.FromHours 2.)
              let! _ = site.Step browser (Session.remove text >> Session.set visits 1)
              let! session = site.Load browser
              Session.has text session |> Expect.isFalse "removed"
              Session.tryGet visits session |> Expect.equal "changed" (Some 1)
              Session.tryGet pairs session |> Expect.equal "kept" (Some list)
          }

      test [] "promise 17: owner, claims and flashes are read as they were stored"
      <| fun bench ->
          task {
              use site = start bench
              let browser = Browser()
              let owner = Records.newOwner () + "\u0000日本"
              let claims = Map [ "role", [ "admin"; "" ]; "", [] ]

              let! _ =
                  site.Step
                      browser
                      (Session.signInWith owner claims >> Session.flash notice "one" >> Session.flash notice "two")

              let! session = site.Load browser
              Session.owner session |> Expect.equal "owner" (Some owner)
              Session.claims session |> Expect.equal "claims" claims
              Session.signedInAt session |> Expect.equal "signed in" (Some bench.Now)
              Session.takeFlashes notice session |> fst |> Expect.equal "flashes, oldest first" [ "one"; "two" ]
              let! _ = site.Step browser (Session.takeFlashes notice >> snd)
              let! session = site.Load browser
              Session.takeFlashes notice session |> fst |> Expect.equal "taken" []
              Session.owner session |> Expect.equal "still theirs" (Some owner)
          }

      test [] "promise 18: what is too large is an error, and what was there stays"
      <| fun bench ->
          task {
              use site = start bench
              let browser = Browser()
              let! _ = site.Step browser (Session.set visits 1)
              let! refused =
                  task {
                      try
                          let! _ = site.Step browser (Session.set text (String('x', 70_000)))
                          return false
                      with :? SessionTooLargeException ->
                          return true
                  }

              refused |> Expect.isTrue "SessionTooLargeException"
              let! session = site.Load browser
              Session.tryGet visits session |> Expect.equal "as before" (Some 1)
              Session.has text session |> Expect.isFalse "nothing of it"
          }

      test [ Need.Store ] "promise 17: a session as large as it may be is stored whole"
      <| fun bench ->
          task {
              use site = start bench
              let browser = Browser()
              // Two quotes and the four letters of its name.
              let big = String('x', 65_536 - 2 - 4)
              let! _ = site.Step browser (Session.set text big)
              let! session = site.Load browser
              Session.tryGet text session |> Expect.equal "64 KiB" (Some big)
          } ]

let private identity (under: DriverUnderTest) =
    let test = Bench.test under

    let site (bench: Bench) application secrets =
        new Site(bench.Driver, bench.Clock, application, secrets, settings bench)

    let old = "an old secret of conformance, 0123456789 abcdef"
    let fresh = "a new secret of conformance, 9876543210 fedcba"

    [ test [] "promise 2: a cookie is good for one name and one application"
      <| fun bench ->
          task {
              use one = start bench
              use other = start bench
              let browser = Browser()
              let! _ = one.Step browser (Session.set visits 1)
              let! session = other.Load browser
              Session.status session |> Expect.equal "another application" SessionStatus.New
              let asAdmin = browser.Header.Value.Replace("__Host-runa_session", "__Host-runa_admin_session")
              let! session = SessionRegistry.load "admin" (Some asAdmin) CancellationToken.None one.Registry
              Session.status session |> Expect.equal "another name" SessionStatus.New
              let! session = one.Load browser
              Session.status session |> Expect.equal "its own" SessionStatus.Active
          }

      test [] "promise 24: secrets rotate with no one logged out, and a removed one ends its sessions"
      <| fun bench ->
          task {
              let application = Site.NewApplication()
              let browser, late = Browser(), Browser()
              use before = site bench application [ old ]
              let! _ = before.Step browser (Session.set visits 1)
              use during = site bench application [ fresh; old ]
              let! session = during.Load browser
              Session.tryGet visits session |> Expect.equal "verified by the old one" (Some 1)
              let! _ = during.Step late (Session.set visits 2)
              use after = site bench application [ fresh ]
              let! session = after.Load late
              Session.tryGet visits session |> Expect.equal "signed by the new one" (Some 2)
              let! session = after.Load browser
              Session.status session |> Expect.equal "signed by the removed one" SessionStatus.New
          }

      test [ Need.Store ] "promise 3: an id whose session is gone is never taken up again"
      <| fun bench ->
          task {
              use site = start bench
              let browser = Browser()
              let! _ = site.Step browser (Session.set visits 1)
              let stale = browser.Copy()
              let! _ = site.Step browser Session.destroy
              let! session = site.Load stale
              Session.status session |> Expect.equal "gone" SessionStatus.Expired
              let token = stale.Values
              let! _ = site.Step stale (Session.set visits 5)
              stale.Values |> Expect.notEqual "a fresh id" token
              let! session = site.Load stale
              Session.tryGet visits session |> Expect.equal "a new session" (Some 5)
          } ]

let private ends (under: DriverUnderTest) =
    let test = Bench.test under

    [ test [] "promise 8: a visitor to whom nothing is stored gets no cookie"
      <| fun bench ->
          task {
              use site = start bench
              let browser = Browser()
              let! session = site.Step browser id
              Session.status session |> Expect.equal "status" SessionStatus.New
              let! _ = site.Step browser (Session.set visits 1 >> Session.remove visits)
              let! _ = site.Step browser Session.regenerate
              let! _ = site.Step browser Session.destroy
              browser.Header |> Expect.isNone "no cookie"
          }

      test [] "promise 7, 10: no activity moves the absolute end, and the next request knows that it has come"
      <| fun bench ->
          task {
              use site = start bench
              let browser = Browser()
              let! first = site.Load browser
              Session.status first |> Expect.equal "the first visit" SessionStatus.New
              let! _ = site.Step browser increment

              for _ in 1..11 do
                  bench.Clock.Advance(TimeSpan.FromMinutes 10.)
                  let! session = site.Step browser increment
                  Session.status session |> Expect.equal "alive" SessionStatus.Active

              bench.Clock.Advance(TimeSpan.FromMinutes 10.)
              let! session = site.Load browser
              Session.status session |> Expect.equal "after two hours" SessionStatus.Expired
              Session.isEmpty session |> Expect.isTrue "empty"
          }

      test [ Need.Store ] "promise 7: reading keeps a session alive for its idle timeout, and no longer"
      <| fun bench ->
          task {
              use site = start bench
              let browser = Browser()
              let! _ = site.Step browser increment

              for _ in 1..4 do
                  bench.Clock.Advance(TimeSpan.FromMinutes 18.)
                  let! session = site.Step browser id
                  Session.status session |> Expect.equal "alive" SessionStatus.Active

              bench.Clock.Advance(TimeSpan.FromMinutes 20.)
              let! session = site.Load browser
              Session.status session |> Expect.equal "for want of requests" SessionStatus.Expired
          }

      test [] "a lifetime that a step asks for is the session's"
      <| fun bench ->
          task {
              use site = new Site(bench.Driver, bench.Clock, Site.NewApplication(), Site.Secrets, id)
              let browser = Browser()
              let! _ = site.Step browser (increment >> Session.withLifetime (TimeSpan.FromDays 20.))
              bench.Clock.Advance(TimeSpan.FromDays 20. - TimeSpan.FromTicks 1L)
              let! session = site.Load browser
              Session.tryGet visits session |> Expect.equal "a tick before" (Some 1)
              bench.Clock.Advance(TimeSpan.FromTicks 1L)
              let! session = site.Load browser
              Session.status session |> Expect.equal "at its end" SessionStatus.Expired
          } ]

let tests (under: DriverUnderTest) : Test = testList "sessions" (values under @ identity under @ ends under)
