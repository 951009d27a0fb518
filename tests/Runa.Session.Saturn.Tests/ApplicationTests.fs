/// `application` with use_runa_session.
module Runa.Session.Tests.ApplicationTests

open System.Threading
open Giraffe
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Hosting
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits
open Runa.Session.Tests.GiraffeHosting
open Runa.Session.Tests.SaturnHosting
open Saturn

let private site: HttpHandler =
    router {
        get "/count" (withSession "web" count)
        get "/stored" (updateSession "web" add >=> raising (System.InvalidOperationException "after"))
        get "/left" (useSession "web" >=> leave "web" >=> text "left")
    }

let private settings (entries: (string * string) list) (host: IHostBuilder) =
    host.ConfigureAppConfiguration(fun configuration -> configuration.AddInMemoryCollection(dict entries) |> ignore)

/// What the registry of this application reads from a Cookie header, on the driver of another.
let private readAs (application: string) (driver: SessionDriver) (cookies: Map<string, string>) =
    let registry = SessionRegistry.create (setup (clock ()) driver |> SessionSetup.application application)

    let name, token = Map.toList cookies |> List.exactlyOne
    registry |> SessionRegistry.load "web" (Some $"{name}={token}") CancellationToken.None

[<Tests>]
let tests =
    testList
        "application"
        [ testCaseTask "promise 13: use_runa_session registers sessions, and a router counts visits" (fun () ->
              let app =
                  application {
                      on_test_server (new Logs())
                      use_runa_session (over (memory (clock ())))
                      use_router site
                  }

              visitingHost app (fun _ browser ->
                  task {
                      let! _ = browser.Get "/count"
                      let! second = browser.Get "/count"
                      expectBody "2" "counted" second
                  }))

          testCaseTask "use_runa_session reads the configuration, and the code wins" (fun () ->
              let app =
                  application {
                      on_test_server (new Logs())

                      host_config (
                          settings
                              [ "app:secret", secret
                                "session:sessions:web:ttl", "7m"
                                "session:sessions:web:cookie_name", "__Host-shop" ]
                      )

                      use_runa_session (SessionSetup.session "web" (fun o -> { o with CookieName = "__Host-code" }))
                      use_router site
                  }

              visitingHost app (fun host browser ->
                  task {
                      let info =
                          host.Services.GetRequiredService<SessionRegistry>()
                          |> SessionRegistry.info
                          |> List.find (fun info -> info.Name = "web")

                      Expect.equal info.Ttl (System.TimeSpan.FromMinutes 7.) "from the configuration"
                      let! _ = browser.Get "/count"
                      Expect.equal (browser.Cookies.Keys |> List.ofSeq) [ "__Host-code" ] "from the code"
                  }))

          testCaseTask "use_session_toml reads a file beside the program, under its content root" (fun () ->
              let folder = System.IO.Directory.CreateTempSubdirectory().FullName
              let file = System.IO.Path.Combine(folder, "session.toml")
              System.IO.File.WriteAllText(file, "[sessions.web]\nttl = \"9m\"\n")

              let app =
                  application {
                      on_test_server (new Logs())
                      host_config _.UseContentRoot(folder)
                      use_session_toml "session.toml"
                      use_runa_session (over (memory (clock ())))
                      use_router site
                  }

              visitingHost app (fun host _ ->
                  task {
                      let registry = host.Services.GetRequiredService<SessionRegistry>()
                      let info = SessionRegistry.info registry |> List.find (fun info -> info.Name = "web")
                      Expect.equal info.Ttl (System.TimeSpan.FromMinutes 9.) "as the file has it"
                      System.IO.Directory.Delete(folder, true)
                  }))

          testCaseTask "promise 23: a mistake in use_runa_session keeps the application from starting" (fun () ->
              task {
                  let app =
                      application {
                          on_test_server (new Logs())
                          use_runa_session (SessionSetup.secrets [ "short" ])
                          use_router site
                      }

                  use host = app.Build()
                  let mutable errors = 0

                  try
                      do! host.StartAsync()
                  with :? SessionConfigurationException as e ->
                      errors <- Seq.length e.Errors

                  Expect.equal errors 1 "told, and not started"
              })

          testCaseTask
              "promise 2: a cookie is good for the program that set it, not for every application of Saturn"
              (fun () ->
                  let driver = memory (clock ())

                  let app =
                      application {
                          on_test_server (new Logs())
                          use_runa_session (over driver)
                          use_router site
                      }

                  visitingHost app (fun host browser ->
                      task {
                          let! _ = browser.Get "/count"
                          let! own = readAs "Runa.Session.Saturn.Tests" driver browser.Cookies
                          Expect.equal (Session.tryGet visits own) (Some 1) "its own name"
                          let environment = host.Services.GetRequiredService<IHostEnvironment>()
                          Expect.equal environment.ApplicationName "Saturn" "what the host is called"
                          let! other = readAs "Saturn" driver browser.Cookies
                          Expect.equal (Session.status other) SessionStatus.New "is not what the cookie is good for"
                      }))

          testCaseTask "without the file, service_config registers sessions as well" (fun () ->
              let driver = memory (clock ())

              let app =
                  application {
                      on_test_server (new Logs())
                      service_config (fun services -> services.AddRunaSession(SessionSetup.application "shop"))
                      service_config (fun services -> services.AddRunaSession(over driver))
                      use_router site
                  }

              visitingHost app (fun _ browser ->
                  task {
                      let! counted = browser.Get "/count"
                      expectBody "1" "counted" counted
                      let! own = readAs "shop" driver browser.Cookies
                      Expect.equal (Session.tryGet visits own) (Some 1) "under the name that was given"
                  }))

          testCaseTask "promise 14: SessionStoreException reaches error_handler with nothing sent" (fun () ->
              let driver = TestDriver.Counting(memory (clock ()))

              let app =
                  application {
                      on_test_server (new Logs())
                      use_runa_session (over driver.Driver)
                      error_handler report
                      use_router site
                  }

              visitingHost app (fun _ browser ->
                  task {
                      let! _ = browser.Get "/count"
                      driver.Behave <- TestDriver.Only([ StoreOperation.Replace ], Behaviour.FailBefore)

                      for path in [ "/count"; "/left" ] do
                          let! answer = browser.Get path

                          Expect.equal
                              (answer.Status, answer.Body)
                              (503, "error handler: SessionStoreException, sent: False")
                              path
                  }))

          testCaseTask "promise 20: a stored session's cookie survives Saturn's own error page" (fun () ->
              let logs = new Logs()

              let app =
                  application {
                      on_test_server logs
                      use_runa_session (over (memory (clock ())))
                      use_router site
                  }

              visitingHost app (fun _ browser ->
                  task {
                      let! answer = browser.Get "/stored"
                      Expect.equal (answer.Status, List.length answer.SetCookies) (500, 1) "an error with the cookie"
                      let! second = browser.Get "/count"
                      expectBody "2" "it leads to what was stored" second
                  })) ]
