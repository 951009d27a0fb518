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

/// For stores that never answer.
let private quick (checks: IHealthChecksBuilder) =
    checks.AddRunaSession(timeout = Nullable(TimeSpan.FromMilliseconds 400.))

/// For all others: the machine may be busy.
let private patient (checks: IHealthChecksBuilder) = checks.AddRunaSession(timeout = Nullable(TimeSpan.FromMinutes 2.))

let private store (behaviour: Behaviour) = (TestDriver(memory (clock ()), (fun _ -> behaviour))).Driver

let private up = store Behaviour.Pass
let private down () = store Behaviour.FailBefore
let private silent () = store Behaviour.Hang
let private cancelled () = store Behaviour.HangUntilCancelled

/// Blocks the thread that calls it, as a driver without asynchronous calls does.
let private blocking (release: ManualResetEventSlim) (asked: int ref) =
    up
    |> SessionDriver.withPing (fun _ ->
        Interlocked.Increment asked |> ignore
        release.Wait()
        ValueTask())

let private reports (name: string) add drivers (status: HealthStatus) (http: int) (words: string list) =
    testCaseTask name (fun () ->
        task {
            use! app = started add drivers
            let! entry = check app
            Expect.equal entry.Status status (string entry.Description)

            for text in words do
                Expect.stringContains (string entry.Description) text "what it says"

            let! answer = app.NewBrowser().Get "/health"
            Expect.equal answer.Status http "over HTTP"
            Expect.equal answer.Body (string status) "its word"
            Expect.equal (Set entry.Data.Keys) (Set("memory" :: List.map fst drivers)) "data of each driver"
        })

let private answer (name: string) (isStore: bool) (seconds: float) (error: exn | null) =
    SessionDriverHealth(name, isStore, TimeSpan.FromSeconds seconds, TimeSpan.FromSeconds 2., error)

let private late name = answer name true 2. (TimeoutException())
let private broken name = answer name true 0.1 (IOException "down")
let private quickly name = answer name true 0.9 null
let private slowly name = answer name true 1.1 null
let private inMemory = answer "memory" false 0. null

let private judges (name: string) drivers failure (status: HealthStatus) (words: string) =
    test name { Expect.equal (Health.judge failure drivers) (struct (status, words)) "status and words" }

let private judged =
    let unhealthy = HealthStatus.Unhealthy
    let all = "all drivers of sessions answer"

    [ judges "half of the limit is quick enough" [ quickly "a"; inMemory ] unhealthy HealthStatus.Healthy all
      judges "memory alone is healthy" [ inMemory ] unhealthy HealthStatus.Healthy all
      judges "more than half is slow" [ slowly "a"; quickly "b" ] unhealthy HealthStatus.Degraded "a: slow, 1100 ms"
      judges
          "memory is no other store"
          [ late "a"; inMemory ]
          unhealthy
          HealthStatus.Unhealthy
          "a: down, no answer within 2 s"
      judges
          "a slow store is still another one"
          [ broken "a"; slowly "b" ]
          unhealthy
          HealthStatus.Degraded
          "a: down, IOException; b: slow, 1100 ms"
      judges
          "a milder failure stays as mild"
          [ broken "a"; quickly "b" ]
          HealthStatus.Healthy
          HealthStatus.Healthy
          "a: down, IOException"
      judges
          "a driver of this process that fails is down, too"
          [ answer "own" false 0. (IOException "down") ]
          unhealthy
          HealthStatus.Unhealthy
          "own: down, IOException"

      reports "stores that answer are healthy" patient [ "a", up; "b", up ] HealthStatus.Healthy 200 []
      reports "sessions in memory are healthy" patient [] HealthStatus.Healthy 200 []
      reports "the only store is down" patient [ "a", down () ] HealthStatus.Unhealthy 503 [ "a: down, StoreDown" ]
      reports
          "the only store is silent"
          quick
          [ "a", silent () ]
          HealthStatus.Unhealthy
          503
          [ "a: down, no answer within 0.4 s" ]
      reports
          "and heeds its cancellation"
          quick
          [ "a", cancelled () ]
          HealthStatus.Unhealthy
          503
          [ "no answer within 0.4 s" ]
      reports
          "one of several is down"
          patient
          [ "a", up; "b", down () ]
          HealthStatus.Degraded
          200
          [ "b: down, StoreDown" ]
      reports
          "all of several are down"
          patient
          [ "a", down (); "b", down () ]
          HealthStatus.Unhealthy
          503
          [ "a: down"; "b: down" ]
      testCaseTask "the time of an answer is that of the driver" (fun () ->
          task {
              let slow = store (Behaviour.Wait(Task.Delay 300))
              use! app = started patient [ "a", slow ]
              let! entry = check app
              let driver = health entry "a"
              Expect.isTrue (driver.IsUp && driver.IsStore && isNull driver.Failure) "its data"
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
    [ testCaseTask "drivers are asked at once, also those that block their threads" (fun () ->
          task {
              // One after another, the first would wait for ever.
              use all = new CountdownEvent 3

              let meeting =
                  up
                  |> SessionDriver.withPing (fun token ->
                      all.Signal() |> ignore
                      all.Wait token
                      ValueTask())

              use! app = started patient [ "a", meeting; "b", meeting; "c", meeting ]
              let! entry = check app
              Expect.all [ "a"; "b"; "c" ] (fun name -> (health entry name).IsUp) (string entry.Description)
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

              while status = HealthStatus.Unhealthy && waiting.Elapsed < TimeSpan.FromSeconds 30. do
                  let! entry = check app
                  status <- entry.Status

              Expect.notEqual status HealthStatus.Unhealthy "it has answered"
          })

      testCaseTask "promise 24: neither report nor data says what an exception says, which is logged" (fun () ->
          task {
              let password = "Password=hunter2;Host=db.internal"
              let telling = up |> SessionDriver.withPing (fun _ -> raise (IOException password))
              use! app = started patient [ "a", telling ]
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
