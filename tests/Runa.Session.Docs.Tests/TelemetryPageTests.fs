/// docs/run/telemetry.md lists what the library measures and traces.
module Runa.Session.Tests.TelemetryPageTests

open System
open System.Collections.Generic
open System.Diagnostics
open System.Diagnostics.Metrics
open System.Text.RegularExpressions
open Expecto
open Microsoft.Extensions.DependencyInjection
open Runa.Session
open Runa.Session.TestSupport

let private page = lazy (Repository.read "docs/run/telemetry.md")

let private kind (instrument: Instrument) : string =
    match instrument with
    | :? Counter<int64> -> "counter"
    | :? Histogram<int>
    | :? Histogram<float> -> "histogram"
    | :? ObservableCounter<int64> -> "observable counter"
    | :? ObservableGauge<int64> -> "observable gauge"
    | other -> other.GetType().Name

/// The instruments of an application's host: name, kind and unit.
let private instruments: Lazy<Set<string * string * string>> =
    lazy
        (let services = ServiceCollection().AddMetrics()
         services.AddRunaSession(SessionSetup.secrets [ secret ]) |> ignore
         use provider = services.BuildServiceProvider()
         let factory = provider.GetRequiredService<IMeterFactory>()
         let found = List<Instrument>()
         use listener = new MeterListener()

         listener.InstrumentPublished <-
             Action<_, _>(fun instrument _ ->
                 if Object.ReferenceEquals(instrument.Meter.Scope, factory) then
                     found.Add instrument)

         listener.Start()
         provider.GetRequiredService<SessionRegistry>() |> ignore
         set [ for it in found -> it.Name, kind it, string it.Unit ])

let private listed: Lazy<Set<string * string * string>> =
    lazy
        (set
            [ for row in
                  Regex.Matches(page.Value, @"^\| `([a-z_.]+)` \| ([a-z ]+) \| `([^`]+)` \|", RegexOptions.Multiline) ->
                  $"runa.session.{row.Groups[1].Value}", row.Groups[2].Value, row.Groups[3].Value ])

/// The names of activities and tags as the sources have them.
let private written (pattern: string) : Set<string> =
    set
        [ for file in [ "Telemetry.fs"; "SessionTelemetry.fs" ] do
              let text = Repository.read $"src/Runa.Session.Core/Diagnostics/{file}"

              for found in Regex.Matches(text, pattern) do
                  found.Groups[1].Value ]

[<Tests>]
let tests =
    testList
        "The page of telemetry"
        [ test "docs/run/telemetry.md lists every instrument with its kind and unit, and no others" {
              Expect.isGreaterThan instruments.Value.Count 15 "instruments are found"
              Expect.equal listed.Value instruments.Value "name, kind and unit"
          }

          test "it lists every activity, and no others" {
              let activities = written @"start ""([a-z.]+)"""
              Expect.equal activities.Count 2 "activities are found"
              let rows = Regex.Matches(page.Value, @"^\| `(runa\.session\.[a-z]+)` \|", RegexOptions.Multiline)
              Expect.equal (set [ for row in rows -> row.Groups[1].Value ]) activities "activities"
          }

          test "it names every tag" {
              let tags = written @"(?:tag|SetTag\() ?""([a-z.]+)"""
              Expect.equal tags.Count 5 "tags are found"

              for tag in tags do
                  Expect.stringContains page.Value $"`{tag}`" "the tag"
          } ]
