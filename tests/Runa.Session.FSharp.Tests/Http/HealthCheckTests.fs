/// The health check of sessions.
module Runa.Session.Tests.HealthCheckTests

open System
open System.Diagnostics
open System.IO
open System.Text.Json
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Diagnostics.HealthChecks
open Microsoft.Extensions.Logging
open Expecto
open Runa
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private site = route "/read" >=> readSession "web" (fun _ -> text "read")

/// Sessions on these drivers, a session each. "web", "admin" and "api" stay in memory.
let private setupOf (drivers: (string * SessionDriver) list) (setup: SessionSetup) : SessionSetup =
    (setup, drivers)
    ||> List.fold (fun setup (name, driver) ->
        setup
        |> SessionSetup.driver name driver
        |> SessionSetup.session ("on-" + name) (fun o -> { o with Driver = name }))

let private started (add: IHealthChecksBuilder -> IHealthChecksBuilder) (drivers: (string * SessionDriver) list) =
    start
        { host site with
            Setup = setupOf drivers
            Services = fun services -> services.AddHealthChecks() |> add |> ignore
            Pipeline = fun app -> app.UseHealthChecks("/health") |> ignore }

let private check (app: App) : Task<HealthReportEntry> =
    task {
        let! report = app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()
        return (Seq.exactlyOne report.Entries).Value
    }

let private health (entry: HealthReportEntry) (driver: string) : SessionDriverHealth =
    entry.Data[driver] :?> SessionDriverHealth

let private short = Nullable(TimeSpan.FromMilliseconds 400.)
let private quick (checks: IHealthChecksBuilder) = checks.AddRunaSession(timeout = short)

let private store (behaviour: Behaviour) = (TestDriver(memory (clock ()), (fun _ -> behaviour))).Driver

let private up = store Behaviour.Pass
let private down () = store Behaviour.FailBefore
let private silent () = store Behaviour.Hang
let private cancelled () = store Behaviour.HangUntilCancelled
let private slow () = store (Behaviour.Wait(Task.Delay 300))

/// Blocks the thread that calls it, as a driver without asynchronous calls does.
let private blocking (release: ManualResetEventSlim) (asked: int ref) =
    up
    |> SessionDriver.withPing (fun _ ->
        Interlocked.Increment asked |> ignore
        release.Wait()
        ValueTask())

let private reports (name: string) drivers (status: HealthStatus) (http: int) (words: string list) =
    testCaseTask name (fun () ->
        task {
            use! app = started quick drivers
            let! entry = check app
            Expect.equal entry.Status status (string entry.Description)

            for text in words do
                Expect.stringContains (string entry.Description) text "what it says"

            let! answer = app.NewBrowser().Get "/health"
            Expect.equal answer.Status http "over HTTP"
            Expect.equal answer.Body (string status) "its word"
            Expect.equal (Set entry.Data.Keys) (Set("memory" :: List.map fst drivers)) "data of each driver"
        })

let private judged =
    [ reports "stores that answer are healthy" [ "a", up; "b", up ] HealthStatus.Healthy 200 []
      reports "sessions in memory are healthy" [] HealthStatus.Healthy 200 []
      reports "the only store is down" [ "a", down () ] HealthStatus.Unhealthy 503 [ "a: down, StoreDown" ]
      reports
          "the only store is silent"
          [ "a", silent () ]
          HealthStatus.Unhealthy
          503
          [ "a: down, no answer within 0.4 s" ]
      reports "and heeds its cancellation" [ "a", cancelled () ] HealthStatus.Unhealthy 503 [ "no answer within 0.4 s" ]
      reports "one of several is down" [ "a", up; "b", down () ] HealthStatus.Degraded 200 [ "b: down, StoreDown" ]
      reports
          "all of several are down"
          [ "a", down (); "b", down () ]
          HealthStatus.Unhealthy
          503
          [ "a: down"; "b: down" ]
      testCaseTask "a store that takes more than half of its time is degraded" (fun () ->
          task {
              use! app = started quick [ "a", slow () ]
              let! entry = check app
              Expect.equal entry.Status HealthStatus.Degraded (string entry.Description)
              Expect.stringContains (string entry.Description) "a: slow, " "what it says"
              let driver = health entry "a"
              Expect.isTrue (driver.IsUp && driver.IsSlow && driver.IsStore && isNull driver.Failure) "its data"
              Expect.isGreaterThan driver.Milliseconds 200. "its time"
          }) ]

let private setUp =
    [ testCaseTask "name, status and tags are those that were given" (fun () ->
          task {
              let add (checks: IHealthChecksBuilder) =
                  checks.AddRunaSession("sessions", HealthStatus.Degraded, [ "ready" ], TimeSpan.FromSeconds 1.)

              use! app = started add [ "a", down () ]
              let! report = app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()
              let entry = report.Entries["sessions"]
              Expect.equal entry.Status HealthStatus.Degraded "failureStatus"
              Expect.equal (List.ofSeq entry.Tags) [ "ready" ] "tags"
          })

      testCaseTask "without AddRunaSession the check says what is missing" (fun () ->
          task {
              let services = ServiceCollection().AddLogging()
              services.AddHealthChecks().AddRunaSession() |> ignore
              use provider = services.BuildServiceProvider()
              let service = provider.GetRequiredService<HealthCheckService>()

              let! told =
                  task {
                      try
                          let! report = service.CheckHealthAsync()
                          return string (Seq.exactlyOne report.Entries.Values).Exception
                      with :? InvalidOperationException as e ->
                          return e.Message
                  }

              Expect.stringContains told "call services.AddRunaSession" "what to do"
          })

      test "a time limit of zero, below it, or of more than a day is refused" {
          for seconds in [ 0.; -1.; 86_401. ] do
              let add () =
                  ServiceCollection().AddHealthChecks().AddRunaSession(timeout = Nullable(TimeSpan.FromSeconds seconds))

              Expect.throwsT<ArgumentOutOfRangeException> (add >> ignore) $"{seconds} s"
      } ]

let private asked =
    [ testCaseTask "drivers are asked at once, also one that blocks its thread" (fun () ->
          task {
              use release = new ManualResetEventSlim()
              let count = ref 0
              let drivers = [ "a", blocking release count; "b", silent (); "c", silent () ]
              use! app = started quick drivers
              let! entry = check app
              let times = [ for name in [ "a"; "b"; "c" ] -> (health entry name).Milliseconds ]
              Expect.equal entry.Status HealthStatus.Unhealthy (string entry.Description)
              // Each waited for its limit; one after another, the last would have begun when the first ended.
              Expect.all times (fun time -> time >= 390.) $"each waited: %A{times}"
              let! report = app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()
              Expect.isLessThan report.TotalDuration (TimeSpan.FromSeconds 1.) "one limit, not three"
              release.Set()
          })

      testCaseTask "a driver that owes an answer is not asked again until it has answered" (fun () ->
          task {
              use release = new ManualResetEventSlim()
              let count = ref 0
              use! app = started quick [ "a", blocking release count ]

              for _ in 1..3 do
                  let! entry = check app
                  Expect.equal entry.Status HealthStatus.Unhealthy "no answer"
                  Expect.equal (health entry "a").Failure "no answer within 0.4 s" "which is said"

              Expect.equal count.Value 1 "asked once"
              release.Set()
              let waiting = Stopwatch.StartNew()
              let mutable status = HealthStatus.Unhealthy

              while status <> HealthStatus.Healthy && waiting.Elapsed < TimeSpan.FromSeconds 30. do
                  let! entry = check app
                  status <- entry.Status

              Expect.equal status HealthStatus.Healthy "it has answered"
          })

      testCaseTask "promise 24: neither report nor data says what an exception says, which is logged" (fun () ->
          task {
              let password = "Password=hunter2;Host=db.internal"
              let telling = up |> SessionDriver.withPing (fun _ -> raise (IOException password))
              use! app = started quick [ "a", telling ]
              let! entry = check app
              let data = JsonSerializer.Serialize entry.Data
              Expect.stringContains data "\"Failure\":\"IOException\"" "what failed"
              Expect.stringContains data "\"Driver\":\"a\"" "whose"

              for text in [ data; string entry.Description; string entry.Exception ] do
                  Expect.isFalse (text.Contains "hunter2" || text.Contains "db.internal") text

              let lines = app.Logs.Ours |> List.filter (fun line -> line.Level = LogLevel.Warning)
              let line = lines |> List.find (fun line -> not (isNull line.Error))
              Expect.equal line.Text "The driver a did not answer a health check: IOException." "logged"
              Expect.equal (Option.ofObj line.Error |> Option.map _.Message) (Some password) "with its cause"
          })

      testCaseTask "a check that is cancelled ends at once" (fun () ->
          task {
              use registry =
                  SessionSetup.empty
                  |> SessionSetup.secrets [ secret ]
                  |> setupOf [ "a", silent () ]
                  |> SessionRegistry.create

              use source = new CancellationTokenSource()
              let asking = SessionRegistry.ping (TimeSpan.FromMinutes 5.) source.Token registry
              source.Cancel()

              let! isCancelled =
                  task {
                      try
                          let! _ = asking
                          return false
                      with :? OperationCanceledException ->
                          return true
                  }

              Expect.isTrue isCancelled "cancelled"
          })

      testCaseTask "without a host each driver that sessions use is asked, and no other" (fun () ->
          task {
              use registry =
                  SessionSetup.empty
                  |> SessionSetup.secrets [ secret ]
                  |> SessionSetup.driver "unused" (down ())
                  |> setupOf [ "a", up; "b", down () ]
                  |> SessionRegistry.create

              let! drivers = SessionRegistry.ping (TimeSpan.FromSeconds 30.) CancellationToken.None registry
              let told = [ for driver in drivers -> driver.Driver, driver.IsUp, driver.IsStore ]
              Expect.equal
                  told
                  [ "a", true, true; "b", false, true; "memory", true, false ]
                  "in the order of their names"
          }) ]

[<Tests>]
let tests = testList "Health checks" (judged @ setUp @ asked)
