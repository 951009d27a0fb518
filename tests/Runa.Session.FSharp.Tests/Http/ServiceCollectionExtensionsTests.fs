module Runa.Session.Tests.ServiceCollectionExtensionsTests

open System
open System.Collections.Generic
open System.IO
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Hosting
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private inMemory (pairs: (string * string) list) : IConfiguration =
    ConfigurationBuilder()
        .AddInMemoryCollection([ for key, value in pairs -> KeyValuePair<string, string | null>(key, value) ])
        .Build()

let private counting = withSession "web" count

let private configured (configuration: IConfiguration) (setup: SessionSetup -> SessionSetup) (host: Host) =
    startBare { host with Services = fun services -> services.AddRunaSession(configuration, setup) |> ignore }

/// What a host that does not start raises; it must never have listened.
let private refused (server: Server) (register: IServiceCollection -> unit) : Task<SessionConfigurationException> =
    task {
        let app, _ = build { host counting with Server = server } register
        use _ = app :> IDisposable

        let! raised =
            task {
                try
                    do! app.StartAsync()
                    return None
                with :? SessionConfigurationException as e ->
                    return Some e
            }

        let lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>()
        Expect.isFalse lifetime.ApplicationStarted.IsCancellationRequested "the host has not started"

        return
            match raised with
            | Some e -> e
            | None -> failtest "the host started"
    }

let private fromServices =
    testList
        "AddSessionSetup"
        [ testTask "gets the host's services, and runs in order with AddRunaSession" {
              let services = ServiceCollection().AddSingleton<Uri>(Uri "https://shop.example")
              let secrets = SessionSetup.secrets [ "0123456789abcdefghijklmnopqrstuvwxyz" ]
              let named (name: string) =
                  SessionSetup.session "web" (fun o -> { o with CookieName = $"{o.CookieName}-{name}" })

              services
                  .AddRunaSession(secrets >> named "first")
                  .AddSessionSetup(fun host setup -> named (host.GetRequiredService<Uri>().Host) setup)
                  .AddRunaSession(named "last")
              |> ignore

              use provider = services.BuildServiceProvider()
              let web = provider.GetRequiredService<SessionRegistry>() |> SessionRegistry.info |> List.head
              Expect.equal web.CookieName "__Host-runa_session-first-shop.example-last" "changed three times"
          } ]

let private loud =
    testList
        "a misconfigured application"
        [ onBoth "promise 23: does not start, and is told everything at once" (fun server ->
              task {
                  let configuration =
                      inMemory
                          [ "app:secret", "too short"
                            "session:sessions:web:ttl", "soon"
                            "session:sessions:web:idel_timeout", "5m"
                            "session:sessions:admni:ttl", "1h"
                            "session:sessions:api:driver", "memroy"
                            "session:sessions:api:cookie_name", "__Host-runa_session" ]

                  let setup =
                      SessionSetup.session "admin" (fun o ->
                          { o with CookiePath = "/; Domain=evil"; CookieName = "admin" })

                  let! e = refused server (fun services -> services.AddRunaSession(configuration, setup) |> ignore)

                  for part in
                      [ "session:sessions:web:ttl = \"soon\""
                        "session:sessions:web:idel_timeout: unknown key. Did you mean \"idle_timeout\"?"
                        "there is no session \"admni\". Did you mean \"admin\"?"
                        "driver = \"memroy\": there is no such driver. Did you mean \"memory\"?"
                        "each session needs a cookie name of its own"
                        "cookie_path = \"/; Domain=evil\""
                        "app:secret: the secret is 9 bytes long" ] do
                      Expect.stringContains e.Message part "is named"

                  Expect.equal e.Errors.Count 7 "all of them"
                  Expect.isFalse (e.Message.Contains "too short") "promise 24: the secret is not printed"
              })

          testCaseTask "promise 23: without a secret outside Development it does not start" (fun () ->
              task {
                  let! e = refused Server.InMemory (fun services -> services.AddRunaSession(inMemory [], id) |> ignore)
                  Expect.stringContains e.Message "No secret is set" "and says what is missing"
              })

          testCaseTask
              "promise 24: without a secret in Development it starts with a random one and one warning"
              (fun () ->
                  task {
                      use! app = configured (inMemory []) id { host counting with Environment = "Development" }
                      let browser = app.NewBrowser()
                      let! _ = browser.Get "/"
                      let! second = browser.Get "/"
                      Expect.equal second.Body "2" "it works"
                      Expect.equal app.Logs.Warnings.Length 1 "one warning"
                      Expect.stringStarts app.Logs.Warnings.Head "No secret is set" "of the secret"
                  })

          testCaseTask "promise 23: a mistake in one of several calls is found too" (fun () ->
              task {
                  let! e =
                      refused Server.InMemory (fun services ->
                          services
                              .AddRunaSession(SessionSetup.secrets [ secret ])
                              .AddRunaSession(SessionSetup.session "web" (fun o -> { o with Ttl = TimeSpan.Zero }))
                          |> ignore)

                  Expect.stringContains e.Message "session \"web\": ttl" "named"
              }) ]

let private cookieOf (app: App) =
    task {
        let! answer = app.NewBrowser().Get "/"
        Expect.equal (List.length answer.SetCookies) 1 "one cookie"
        return answer.SetCookies.Head
    }

let private toml =
    """
[sessions.web]
cookie_name = "shop"
ttl = "1h30m"
same_site = "strict"
persistent = true
secure = "same_as_request"

[sessions.web.meta]
team = "shop"
"""

let private inFolder (files: (string * string) list) (body: string -> Task<unit>) =
    task {
        let folder = Directory.CreateTempSubdirectory "runa-session-"

        try
            for name, content in files do
                File.WriteAllText(Path.Combine(folder.FullName, name), content)

            do! body folder.FullName
        finally
            folder.Delete true
    }

let private sources =
    testList
        "AddRunaSession with a configuration"
        [ testCaseTask "reads settings and secret from memory, and what code sets wins" (fun () ->
              task {
                  let configuration =
                      inMemory
                          [ "app:secret", secret
                            "session:sessions:web:cookie_name", "from_configuration"
                            "session:sessions:web:ttl", "30m" ]

                  let setup = SessionSetup.session "web" (fun o -> { o with CookieName = "from_code" })
                  use! app = configured configuration setup (host counting)
                  let! cookie = cookieOf app
                  Expect.stringStarts cookie "from_code=" "code wins"
                  Expect.contains (attributes cookie) "Max-Age=1800" "the rest is the configuration's"
              })

          testCaseTask "reads them from the environment" (fun () ->
              task {
                  // A prefix of this test's own: the environment belongs to the whole process.
                  let prefix = "RUNATEST" + Guid.NewGuid().ToString("N").ToUpperInvariant() + "_"

                  let pairs =
                      [ "app__secret", secret
                        "session__sessions__web__cookie_name", "from_environment"
                        "session__sessions__web__ttl", "00:45:00" ]

                  for name, value in pairs do
                      Environment.SetEnvironmentVariable(prefix + name, value)

                  try
                      let configuration = ConfigurationBuilder().AddEnvironmentVariables(prefix).Build()
                      use! app = configured configuration id (host counting)
                      let! cookie = cookieOf app
                      Expect.stringStarts cookie "from_environment=" "its name"
                      Expect.contains (attributes cookie) "Max-Age=2700" "its lifetime"
                  finally
                      for name, _ in pairs do
                          Environment.SetEnvironmentVariable(prefix + name, null)
              })

          testCaseTask "reads them from a TOML file" (fun () ->
              inFolder [ "session.toml", toml ] (fun folder ->
                  task {
                      let configuration =
                          ConfigurationBuilder()
                              .SetBasePath(folder)
                              .AddSessionToml("session.toml")
                              .AddSessionToml("absent.toml", true)
                              .AddInMemoryCollection([ KeyValuePair<string, string | null>("app:secret", secret) ])
                              .Build()

                      use! app = configured configuration id (host counting)
                      let! cookie = cookieOf app
                      Expect.stringStarts cookie "shop=" "its name"

                      Expect.equal
                          (List.sort (attributes cookie))
                          [ "HttpOnly"; "Max-Age=5400"; "Path=/"; "SameSite=Strict" ]
                          "its attributes, over plain http"

                      let info = SessionRegistry.info app.Registry |> List.find (fun info -> info.Name = "web")
                      Expect.equal info.Meta (Map [ "team", "shop" ]) "its notes"
                  }))

          testCaseTask "promise 23: a TOML file that is missing or wrong keeps the application from starting" (fun () ->
              inFolder [ "wrong.toml", "[sessions.web]\nttl = \n" ] (fun folder ->
                  task {
                      let load (file: string) () =
                          ConfigurationBuilder().SetBasePath(folder).AddSessionToml(file).Build() |> ignore

                      Expect.throwsC (load "absent.toml") (fun e ->
                          Expect.stringContains e.Message "\"absent.toml\" was not found" "its name")

                      Expect.throwsC (load "wrong.toml") (fun e ->
                          Expect.isTrue (e :? SessionConfigurationException) $"which one: {e.GetType().Name}"
                          Expect.stringContains e.Message "wrong.toml(2," "file and line")
                  }))

          testCaseTask "the registry is one, and works outside a request" (fun () ->
              task {
                  use! app = start (host counting)
                  let! session = app.Registry |> SessionRegistry.load "web" None CancellationToken.None

                  let! committed =
                      app.Registry |> SessionRegistry.commit (Session.set visits 5 session) CancellationToken.None

                  let pair = committed.Cookies.Head.Split(';')[0]
                  let browser = app.NewBrowser()
                  browser.SetCookie(pair.Substring(0, pair.IndexOf '='), pair.Substring(pair.IndexOf '=' + 1))
                  let! answer = browser.Get "/"
                  Expect.equal answer.Body "6" "the same store, keys and settings"
              }) ]

let private unread =
    let errors (values: (string * string) list) (register: IServiceCollection -> IServiceCollection) =
        let services = ServiceCollection().AddSingleton<IConfiguration>(inMemory values)
        use provider = (register services).BuildServiceProvider()

        try
            provider.GetRequiredService<SessionRegistry>() |> ignore
            []
        with :? SessionConfigurationException as e ->
            List.ofSeq e.Errors

    let bare (services: IServiceCollection) = services.AddRunaSession(SessionSetup.secrets [ secret ])

    testList
        "AddRunaSession without a configuration, where the host has one"
        [ test "promise 23: settings of ours that nothing reads keep the application from starting" {
              let found = errors [ "session:sessions:web:ttl", "1h"; "sessions:web:ttl", "1h" ] bare
              Expect.hasLength found 2 "both"
              Expect.stringStarts found[0] "session:sessions:web:ttl: nothing reads this key" "the key"
              Expect.stringContains found[0] "AddRunaSession(builder.Configuration" "what to call"
              Expect.stringStarts found[1] "sessions:web:ttl: nothing reads this key" "the other"
          }

          test "other settings do not" {
              Expect.equal (errors [ "Sessions:Speakers:Title", "Ms"; "session:timeout", "20" ] bare) [] "it starts"
          }

          test "promise 24: a secret that is not read is named" {
              match errors [ "app:secret", secret ] (fun services -> services.AddRunaSession id) with
              | [ error ] ->
                  Expect.stringContains
                      error
                      "AddRunaSession was called without the configuration, and does not read app:secret in it."
                      "named"
              | errors -> failtest $"%A{errors}"
          } ]

[<Tests>]
let tests = testList "ServiceCollectionExtensions" [ loud; sources; fromServices; unread ]
