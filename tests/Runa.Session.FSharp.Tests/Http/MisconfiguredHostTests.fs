/// Hosts that do not start, since their sessions are set up wrongly.
module Runa.Session.Tests.MisconfiguredHostTests

open System
open System.Threading.Tasks
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Hosting
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.ConfiguredHosts
open Runa.Session.Tests.Handlers

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
let tests = testList "MisconfiguredHost" [ loud; unread ]
