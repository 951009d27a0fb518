/// The package Runa.Session.Testing, as F# uses it.
module Runa.Session.Tests.TestKitTests

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.TestHost
open Microsoft.Extensions.DependencyInjection
open Microsoft.AspNetCore.Hosting.Server
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Testing

let private notice = SessionKey.create<string> "notice"

let private site: HttpHandler =
    choose
        [ route "/count" >=> withSession "web" count
          route "/in"
          >=> updateSession "web" (Session.signIn "ada" >> Session.flash notice "Welcome!")
          >=> text ""
          route "/out" >=> updateSession "web" Session.signOut >=> text ""
          withOwner "web" (setStatusCode 401 >=> text "") (fun owner session -> session, text owner) ]

let private fails (work: unit -> Task<string>) (message: string) : Task =
    task {
        try
            let! body = work ()
            failtest $"{message}: it answered {body}"
        with :? SessionStoreException ->
            ()
    }

let private server (app: App) = app.Services.GetRequiredService<IServer>() :?> TestServer

[<Tests>]
let tests =
    testList
        "TestKit"
        [ testCaseTask
              "a visitor who is signed in, with values, is prepared in one line, and the application sees both"
              (fun () ->
                  task {
                      use! app = start (host site)
                      let! visitor =
                          TestVisitor.prepare app.Services "web" (Session.signIn "ada" >> Session.set visits 3)
                      use client = visitor.CreateClient((server app).CreateHandler())
                      let! owner = client.GetStringAsync "/"
                      Expect.equal owner "ada" "the owner"
                      let! count = client.GetStringAsync "/count"
                      Expect.equal count "4" "the value"
                      let! session = visitor.Session "web"
                      Expect.equal (Session.tryGet visits session) (Some 4) "committed"
                  })

          testCaseTask
              "promise 4, 9: a visitor follows a sign-in to the new id, and a sign-out; flashes can be looked at and stay"
              (fun () ->
                  task {
                      use! app = start (host site)
                      let visitor = new TestVisitor(app.Services)
                      use client = visitor.CreateClient((server app).CreateHandler())
                      let! _ = client.GetStringAsync "/count"
                      let before = visitor.Cookie
                      let! _ = client.GetStringAsync "/in"
                      Expect.notEqual visitor.Cookie before "a new id"

                      for _ in 1..2 do
                          let! session = visitor.Session "web"
                          Expect.equal (Session.owner session) (Some "ada") "owner"
                          Expect.equal (fst (Session.takeFlashes notice session)) [ "Welcome!" ] "flash"

                      let old = new TestVisitor(app.Services, Cookie = visitor.Cookie)
                      let! _ = client.GetStringAsync "/out"
                      Expect.equal visitor.Cookie "" "no cookie"
                      let! session = old.Session "web"
                      Expect.equal (Session.status session) SessionStatus.Expired "ended"
                  })

          testCaseTask "promise 7: a clock of the test ends sessions, and moves in one direction" (fun () ->
              task {
                  let clock = TestClock()
                  use! app =
                      start { host site with Services = fun services -> services.UseSessionClock clock |> ignore }
                  let! visitor = TestVisitor.prepare app.Services "web" (Session.set visits 3)
                  clock.Advance(TimeSpan.FromHours 2.)
                  let! session = visitor.Session "web"
                  Expect.equal (Session.status session) SessionStatus.Expired "expired"
                  Expect.throwsT<ArgumentOutOfRangeException>
                      (fun () -> clock.Advance(TimeSpan.FromSeconds -1.))
                      "back"
              })

          testCaseTask
              "promise 12, 14: a driver fails, loses answers, hangs and conflicts at the call that the test says"
              (fun () ->
                  task {
                      let driver = FaultyDriver()

                      use! app =
                          start
                              { host site with
                                  Services = fun services -> services.UseFaultyDriver("memory", driver) |> ignore
                                  Setup = SessionSetup.storeTimeout (TimeSpan.FromMilliseconds 200.) }

                      let! visitor = TestVisitor.prepare app.Services "web" (Session.set visits 0)
                      use client = visitor.CreateClient((server app).CreateHandler())
                      let count () = client.GetStringAsync "/count"

                      driver.Conflict 3
                      let! one = count ()
                      Expect.equal one "1" "the step ran again"
                      Expect.equal (driver.Calls |> Seq.filter ((=) StoreCalls.Replace) |> Seq.length) 4 "calls"

                      driver.Fail(StoreCalls.Replace, 2, 1)
                      let! two = count ()
                      Expect.equal two "2" "the first passes"
                      do! fails count "the second fails"
                      let! three = count ()
                      Expect.equal three "3" "and healed by itself"

                      driver.Hang(StoreCalls.Load, 1)
                      do! fails count "its time limit"

                      driver.FailAfter(StoreCalls.Replace, 1)
                      let! four = count ()
                      Expect.equal four "4" "the library finds out that it was stored"

                      driver.Fail(StoreCalls.All, 1, 1000)
                      do! fails count "down"
                      driver.Heal()
                      let! five = count ()
                      Expect.equal five "5" "up again"
                      Expect.throwsT<ArgumentOutOfRangeException> (fun () -> driver.Conflict 0) "at least one"
                  })

          testCaseTask "a driver of a name that no session uses keeps the application from starting" (fun () ->
              task {
                  let misspelled (services: IServiceCollection) =
                      services.UseFaultyDriver("memry", FaultyDriver()) |> ignore

                  try
                      use! _ = start { host site with Services = misspelled }
                      failtest "it started"
                  with :? InvalidOperationException as e ->
                      Expect.equal
                          e.Message
                          "UseFaultyDriver(\"memry\", …): no session uses a driver of this name, so it would never be asked. Drivers in use: \"memory\"."
                          "the name, and what is in use"
              })

          testCaseTask "promise 14: a driver fails, loses its answer or hangs when sessions are counted" (fun () ->
              task {
                  let driver = FaultyDriver()
                  use! app =
                      start
                          { host site with
                              Services = fun services -> services.UseFaultyDriver("memory", driver) |> ignore }
                  let! _ = TestVisitor.prepare app.Services "web" (Session.signIn "ada")
                  let registry = app.Services.GetRequiredService<SessionRegistry>()

                  let count token () =
                      task {
                          let! count = SessionRegistry.count "web" token registry
                          return $"{count.Sessions}, {count.SignedIn} signed in"
                      }

                  let counted = count CancellationToken.None
                  let! one = counted ()
                  Expect.equal one "1, 1 signed in" "counted"
                  Expect.equal (Seq.last driver.Calls) StoreCalls.Count "the call"

                  driver.Fail StoreCalls.All
                  do! fails counted "down"
                  driver.Fail(StoreCalls.Count, 2, 1)
                  let! two = counted ()
                  Expect.equal two one "the first passes"
                  do! fails counted "the second fails"
                  driver.FailAfter(StoreCalls.Count, 1)
                  do! fails counted "the answer is lost"

                  driver.Hang(StoreCalls.Count, 1)
                  use caller = new CancellationTokenSource()
                  let hanging = count caller.Token ()
                  Expect.isFalse hanging.IsCompleted "no answer"
                  caller.Cancel()

                  try
                      let! _ = hanging
                      failtest "it answered"
                  with :? OperationCanceledException ->
                      ()

                  let store = SessionDriver.create "mine" (fun _ _ -> failtest "load") (fun _ _ _ -> failtest "create")
                  let store =
                      store (fun _ _ _ _ -> failtest "replace") (fun _ _ _ -> failtest "touch") (fun _ _ ->
                          failtest "delete")
                  Expect.isTrue (FaultyDriver store).Driver.Count.IsNone "a driver that cannot count still cannot"
              }) ]
