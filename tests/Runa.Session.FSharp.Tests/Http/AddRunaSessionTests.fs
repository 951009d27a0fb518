module Runa.Session.Tests.AddRunaSessionTests

open System
open System.Collections.Generic
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session

let private secret = "0123456789abcdefghijklmnopqrstuvwxyz"

let private ttls (services: IServiceCollection) =
    use provider = services.BuildServiceProvider()
    let registry = provider.GetRequiredService<SessionRegistry>()
    Map [ for info in SessionRegistry.info registry -> info.Name, info.Ttl ]

let private hours (count: float) (name: string) =
    SessionSetup.session name (fun o -> { o with Ttl = TimeSpan.FromHours count; IdleTimeout = None })

[<Tests>]
let tests =
    testList
        "AddRunaSession"
        [ test "takes a configuration alone" {
              let pairs = [ "app:secret", secret; "session:sessions:web:ttl", "3h" ]

              let configuration =
                  ConfigurationBuilder()
                      .AddInMemoryCollection(
                          [ for key, value in pairs -> KeyValuePair<string, string | null>(key, value) ]
                      )
                      .Build()

              let found = ttls (ServiceCollection().AddRunaSession configuration)
              Expect.equal found["web"] (TimeSpan.FromHours 3.) "as configured"
          }
          test "takes a finished setup, which later calls extend" {
              let setup = SessionSetup.empty |> SessionSetup.secrets [ secret ] |> hours 5. "web" |> hours 6. "shop"
              let found = ttls (ServiceCollection().AddRunaSession(setup).AddRunaSession(hours 7. "shop"))
              Expect.equal found["web"] (TimeSpan.FromHours 5.) "of the setup"
              Expect.equal found["shop"] (TimeSpan.FromHours 7.) "changed later"
          }
          test "refuses a finished setup that would replace earlier sessions" {
              let services = ServiceCollection().AddRunaSession(hours 7. "shop")

              Expect.throwsT<InvalidOperationException>
                  (fun () -> services.AddRunaSession SessionSetup.empty |> ignore)
                  "it comes too late"
          } ]
