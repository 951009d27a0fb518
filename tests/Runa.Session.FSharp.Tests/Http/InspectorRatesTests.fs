/// What the inspector charts of the last ten minutes.
module Runa.Session.Tests.InspectorRatesTests

open System
open System.Text.Json
open Microsoft.AspNetCore.Builder
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Measured

let private site: HttpHandler =
    choose
        [ route "/in" >=> updateSession "web" (Session.signIn "ann") >=> text "in"
          route "/count" >=> withSession "web" count
          route "/status" >=> readSession "web" (fun session -> text (string (Session.status session))) ]

/// On a store of a hundred sessions, whose tokens are exchanged every 15 minutes.
let private started () =
    let host = host site

    let pipeline (app: IApplicationBuilder) =
        app.UseRouting() |> ignore
        app.UseEndpoints(fun endpoints -> endpoints.MapRunaSessionInspector "/_sessions" |> ignore)
        |> ignore

    start
        { host with
            Environment = "Development"
            Services =
                fun services ->
                    services.AddRouting().AddRunaSessionInspector() |> ignore
                    services.AddAuthorization() |> ignore
            Setup =
                SessionSetup.driver
                    "small"
                    (MemoryDriver.create { MemoryDriver.defaults with TimeProvider = host.Clock; MaxSessions = 100 })
                >> SessionSetup.session "web" (fun o ->
                    { o with Driver = "small"; Rotate = Some(TimeSpan.FromMinutes 15.) })
            Pipeline = pipeline }

let private rates (app: App) (name: string) =
    task {
        let! answer = app.NewBrowser().Get "/_sessions?format=json"
        use document = JsonDocument.Parse answer.Body
        let numbers = document.RootElement.GetProperty("rates").GetProperty name
        return [ for number in numbers.EnumerateArray() -> number.GetInt64() ]
    }

[<Tests>]
let tests =
    testList
        "Inspector rates"
        [ testCaseTask
              "promise 26, 29: thefts that are suspected, and what was evicted, are charted when they happen"
              (fun () ->
                  task {
                      use! app = started ()
                      use meters = Meters.Of app
                      let browser = app.NewBrowser()
                      let! _ = browser.Get "/in"
                      let copy = browser.Copy()
                      app.Clock.Advance(TimeSpan.FromMinutes 15.)
                      let! _ = browser.Get "/count"
                      let! _ = browser.Get "/status"
                      app.Clock.Advance(TimeSpan.FromMinutes 7.)
                      let! taken = copy.Get "/status"
                      Expect.equal taken.Body "Taken" "a late copy"

                      for _ in 1..150 do
                          let! _ = app.NewBrowser().Get "/count"
                          ()

                      for _ in 1..3 do
                          app.Clock.Advance(TimeSpan.FromSeconds 10.)

                      let evicted = meters.Observed "evicted" |> List.sumBy (_.Value >> int64)
                      Expect.isGreaterThan evicted 40L "the store is full"
                      let! thefts = rates app "thefts_suspected"
                      Expect.equal (thefts[56], List.sum thefts) (1L, 1L) "a theft, thirty seconds ago"
                      let! charted = rates app "evicted"
                      Expect.equal (List.sum charted) evicted "each once"
                      Expect.equal (List.sum charted[56..57]) evicted "when it happened, and not when somebody looked"
                      let! page = app.NewBrowser().Get "/_sessions"
                      Expect.stringContains page.Body "thefts suspected: 1 in the last 10 minutes" "a chart"
                      Expect.stringContains page.Body $"evicted: {evicted} in the last 10 minutes" "another one"

                      for _ in 1..20 do
                          let! _ = app.NewBrowser().Get "/count"
                          ()

                      let! charted = rates app "evicted"
                      Expect.equal (charted[59], List.sum charted) (20L, evicted + 20L) "what was evicted just now"
                      app.Clock.Advance(TimeSpan.FromMinutes 11.)
                      let! charted = rates app "evicted"
                      Expect.equal (List.sum charted) 0L "forgotten"
                  }) ]
