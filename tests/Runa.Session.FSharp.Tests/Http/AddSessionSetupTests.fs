module Runa.Session.Tests.AddSessionSetupTests

open System
open Expecto
open Microsoft.Extensions.DependencyInjection
open Runa.Session

[<Tests>]
let tests =
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
