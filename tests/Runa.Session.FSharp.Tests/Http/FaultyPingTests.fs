/// Pings of a driver that fails as a test says.
module Runa.Session.Tests.FaultyPingTests

open System
open System.Threading
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Diagnostics.HealthChecks
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Testing

[<Tests>]
let tests =
    testList
        "FaultyDriver and pings"
        [ testCaseTask
              "a driver fails, loses its answer or hangs when it is pinged, and health checks say so"
              (fun () ->
                  task {
                      let driver = FaultyDriver()

                      use! app =
                          start
                              { host (text "") with
                                  Services =
                                      fun services ->
                                          services.UseFaultyDriver("memory", driver) |> ignore
                                          services.AddHealthChecks().AddRunaSession() |> ignore }

                      let ping (limit: TimeSpan) =
                          task {
                              let! drivers = SessionRegistry.ping limit CancellationToken.None app.Registry
                              let health = List.exactlyOne drivers
                              return health.IsUp, string health.Failure
                          }

                      let long = TimeSpan.FromSeconds 30.

                      let isUp (what: string) =
                          task {
                              let! up = ping long
                              Expect.equal up (true, "") what
                          }

                      let isDown (what: string) =
                          task {
                              let! down = ping long
                              Expect.equal down (false, "IOException") what
                          }

                      do! isUp "at first"
                      Expect.sequenceEqual driver.Calls [ StoreCalls.Ping ] "the call"

                      driver.Fail StoreCalls.Ping
                      do! isDown "the next one fails"
                      do! isUp "and no other"
                      driver.Fail(StoreCalls.Ping, 2, 2)
                      do! isUp "the first passes"
                      do! isDown "the second"
                      do! isDown "the third"
                      driver.FailAfter(StoreCalls.Ping, 1)
                      do! isDown "the answer is lost"
                      driver.Fail StoreCalls.All
                      do! isDown "it is one of all calls"
                      driver.Fail StoreCalls.Writes
                      do! isUp "but no write"
                      driver.Hang(StoreCalls.Ping, 1)
                      let! hanging = ping (TimeSpan.FromMilliseconds 100.)
                      Expect.equal (fst hanging) false "no answer"
                      Expect.stringStarts (snd hanging) "no answer within" "told"

                      driver.Fail(StoreCalls.Ping, 1, 1_000)
                      let checks = app.Services.GetRequiredService<HealthCheckService>()
                      let! report = checks.CheckHealthAsync()
                      Expect.equal report.Status HealthStatus.Unhealthy "the health check"
                      driver.Heal()
                      let! report = checks.CheckHealthAsync()
                      Expect.notEqual report.Status HealthStatus.Unhealthy "healed"
                  }) ]
