/// What an application measures and traces.
module internal Runa.Session.Tests.Measured

open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.Diagnostics
open System.Diagnostics.Metrics
open Microsoft.Extensions.DependencyInjection
open Runa.Session.TestSupport

type Measured =
    {
        /// The name of the instrument, without "runa.session.".
        Name: string
        Value: float
        /// By name, without "runa.session.".
        Tags: Map<string, string>
    }

let private short (name: string) = name.Replace("runa.session.", "")

/// Listens to the meter that this factory made, and to no other.
[<Sealed>]
type Meters(factory: IMeterFactory) =
    let found = ConcurrentQueue<Measured>()
    let instruments = ConcurrentQueue<Instrument>()
    let listener = new MeterListener()

    let record (instrument: Instrument) (value: float) (tags: ReadOnlySpan<KeyValuePair<string, objnull>>) =
        let tags = tags.ToArray()
        let tags = Map [ for KeyValue(name, value) in tags -> short name, string value ]
        found.Enqueue { Name = short instrument.Name; Value = value; Tags = tags }

    do
        listener.InstrumentPublished <-
            Action<_, _>(fun instrument listener ->
                if
                    instrument.Meter.Name = "Runa.Session" && Object.ReferenceEquals(instrument.Meter.Scope, factory)
                then
                    instruments.Enqueue instrument
                    listener.EnableMeasurementEvents instrument)

        listener.SetMeasurementEventCallback(
            MeasurementCallback<int64>(fun instrument value tags _ -> record instrument (float value) tags)
        )

        listener.SetMeasurementEventCallback(
            MeasurementCallback<int>(fun instrument value tags _ -> record instrument (float value) tags)
        )

        listener.SetMeasurementEventCallback(
            MeasurementCallback<float>(fun instrument value tags _ -> record instrument value tags)
        )

        listener.Start()

    /// Of this application's host.
    static member Of(app: App) = new Meters(app.Services.GetRequiredService<IMeterFactory>())

    member _.Instruments = List.ofSeq instruments
    member _.All = List.ofSeq found

    /// What was measured under this name so far.
    member _.Named(name: string) : Measured list = found |> Seq.filter (fun it -> it.Name = name) |> List.ofSeq

    /// What an observable instrument says now.
    member meters.Observed(name: string) : Measured list =
        found.Clear()
        listener.RecordObservableInstruments()
        meters.Named name

    member _.Forget() = found.Clear()

    interface IDisposable with
        member _.Dispose() = listener.Dispose()

/// Keeps the activities of sessions with this name; tests run side by side.
[<Sealed>]
type Traces(session: string) =
    let ended = ConcurrentQueue<Activity>()

    let listener =
        new ActivityListener(
            ShouldListenTo = (fun source -> source.Name = "Runa.Session"),
            Sample = SampleActivity<ActivityContext>(fun _ -> ActivitySamplingResult.AllDataAndRecorded),
            ActivityStopped =
                (fun activity ->
                    if string (activity.GetTagItem "runa.session.name") = session then
                        ended.Enqueue activity)
        )

    do ActivitySource.AddActivityListener listener

    member _.Ended = List.ofSeq ended
    member _.Forget() = ended.Clear()

    /// Of each activity: its name, outcome, attempts, and whether it failed.
    member _.Told: (string * string * string * bool) list =
        [ for activity in ended ->
              short activity.OperationName,
              string (activity.GetTagItem "runa.session.outcome"),
              string (activity.GetTagItem "runa.session.attempts"),
              activity.Status = ActivityStatusCode.Error ]

    interface IDisposable with
        member _.Dispose() = listener.Dispose()
