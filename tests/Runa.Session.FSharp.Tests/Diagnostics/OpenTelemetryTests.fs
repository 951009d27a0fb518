/// What OpenTelemetry exports of an application that is set up as docs/run/telemetry.md says.
module Runa.Session.Tests.OpenTelemetryTests

open System
open System.Collections.Generic
open System.Diagnostics
open Expecto
open Microsoft.Extensions.DependencyInjection
open OpenTelemetry.Metrics
open OpenTelemetry.Trace
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Watched

let private tagsOf (point: inref<MetricPoint>) : Map<string, string> =
    let mutable tags = Map.empty

    for tag in point.Tags do
        tags <- tags.Add(tag.Key, string tag.Value)

    tags

/// The points of a metric: its tags, and the sum or the count.
let private points (metric: Metric) : (Map<string, string> * int64) list =
    let found = List<Map<string, string> * int64>()

    for point in metric.GetMetricPoints() do
        let number =
            match metric.MetricType with
            | MetricType.Histogram -> point.GetHistogramCount()
            | MetricType.LongGauge -> point.GetGaugeLastValueLong()
            | _ -> point.GetSumLong()

        found.Add((tagsOf &point, number))

    List.ofSeq found

[<Tests>]
let tests =
    testList
        "OpenTelemetry"
        [ testCaseTask "exports the instruments and activities of an application's sessions" (fun () ->
              task {
                  let metrics = List<Metric>()
                  let spans = List<Activity>()
                  let name = $"""o{Guid.NewGuid().ToString "N"}"""

                  use! app =
                      start
                          { host (site name (Rival())) with
                              Setup = SessionSetup.session name id
                              Services =
                                  fun services ->
                                      services
                                          .AddOpenTelemetry()
                                          .WithMetrics(fun it ->
                                              it.AddMeter("Runa.Session").AddInMemoryExporter metrics |> ignore)
                                          .WithTracing(fun it ->
                                              it
                                                  .AddSource("Runa.Session")
                                                  .SetSampler(AlwaysOnSampler())
                                                  .AddInMemoryExporter
                                                  spans
                                              |> ignore)
                                      |> ignore }

                  let browser = app.NewBrowser()

                  for path in [ "/set"; "/set"; "/read"; "/sign-out" ] do
                      let! answer = browser.Get path
                      Expect.equal answer.Status 200 path

                  app.Services.GetRequiredService<MeterProvider>().ForceFlush() |> ignore
                  app.Services.GetRequiredService<TracerProvider>().ForceFlush() |> ignore

                  let exported =
                      Map
                          [ for metric in metrics do
                                for tags, number in points metric do
                                    let other = tags.TryFind "runa.session.name"

                                    if other.IsNone || other = Some name then
                                        (metric.Name, defaultArg (tags.TryFind "runa.session.outcome") ""), number ]

                  let wanted =
                      [ ("created", ""), 1L
                        ("loaded", ""), 3L
                        ("saved", "changed"), 1L
                        ("destroyed", ""), 1L
                        ("load.duration", "found"), 3L
                        ("commit.duration", "created"), 1L
                        ("commit.attempts", "changed"), 1L
                        ("size", ""), 2L ]

                  for (instrument, outcome), number in wanted do
                      Expect.equal
                          (exported.TryFind($"runa.session.{instrument}", outcome))
                          (Some number)
                          $"{instrument} {outcome}"

                  // OpenTelemetry listens to all hosts of the process, those of other tests, too.
                  for other in [ "memory.sessions", ""; "memory.usage", ""; "evicted", "visitor" ] do
                      let instrument, outcome = other
                      Expect.isTrue (exported.ContainsKey($"runa.session.{instrument}", outcome)) instrument

                  let load = metrics |> Seq.find (fun it -> it.Name = "runa.session.load.duration")
                  Expect.equal (load.Unit, load.MeterName) ("s", "Runa.Session") "unit and meter"
                  Expect.isNotEmpty load.MeterVersion "the library's version"

                  let told =
                      [ for span in spans do
                            if string (span.GetTagItem "runa.session.name") = name then
                                span.DisplayName, string (span.GetTagItem "runa.session.outcome") ]

                  Expect.equal
                      told
                      [ "runa.session.commit", "created"
                        "runa.session.load", "found"
                        "runa.session.commit", "changed"
                        "runa.session.load", "found"
                        "runa.session.load", "found"
                        "runa.session.commit", "destroyed" ]
                      "spans"
              }) ]
