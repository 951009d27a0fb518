namespace Runa.Session.Benchmarks

open System
open System.Diagnostics
open System.Diagnostics.Metrics

/// What a session costs if somebody listens to its instruments and activities.
module Listening =
    let private source = "Runa.Session"

    let private toMetrics () : unit =
        let listener = new MeterListener()

        listener.InstrumentPublished <-
            Action<_, _>(fun instrument listener ->
                if instrument.Meter.Name = source then
                    listener.EnableMeasurementEvents instrument)

        listener.SetMeasurementEventCallback(MeasurementCallback<int64>(fun _ _ _ _ -> ()))
        listener.SetMeasurementEventCallback(MeasurementCallback<int>(fun _ _ _ _ -> ()))
        listener.SetMeasurementEventCallback(MeasurementCallback<float>(fun _ _ _ _ -> ()))
        listener.Start()

    let private toTraces () : unit =
        ActivitySource.AddActivityListener(
            new ActivityListener(
                ShouldListenTo = (fun it -> it.Name = source),
                Sample = SampleActivity<ActivityContext>(fun _ -> ActivitySamplingResult.AllDataAndRecorded)
            )
        )

    let private listeners: (string * (unit -> unit)) list =
        [ "nobody", ignore
          "metrics", toMetrics
          "traces", toTraces
          "metrics and traces", toMetrics >> toTraces ]

    let private read = "F#, `readSession`"
    let private write = "F#, `withSession` that writes"

    /// Measures in this process, whose listeners see all of its sessions.
    let measureHere (who: string) : unit =
        (Map.ofList listeners)[who]()

        let cases =
            [ Case.make "bare" (Apps.bare ()).Request
              Case.make read (RunaApps.read ()).Request
              Case.make write (RunaApps.write ()).Request ]

        let measured = Rounds.measure 80 cases

        for name in [ read; write ] do
            let it = measured[name]
            let bare = measured["bare"]
            printfn $"{who}\t{name}\t{it.Nanoseconds - bare.Nanoseconds}\t{it.Bytes - bare.Bytes}"

    let private processes = 3

    let run (output: Output) : unit =
        let found =
            [ for _ in 1..processes do
                  for who, _ in listeners do
                      let lines = Program.output [ "telemetry-here"; who ] []

                      for line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries) do
                          match line.Split '\t' with
                          | [| who; case; nanoseconds; bytes |] ->
                              (who, case), { Nanoseconds = float nanoseconds; Bytes = float bytes }
                          | _ -> failwith $"The process wrote \"{line}\"." ]
            |> List.groupBy fst
            |> List.map (fun (key, found) -> key, Measured.medians (List.map snd found))
            |> Map

        let cells who case =
            let it = found[(who, case)]
            [ $"{Report.number 0 it.Nanoseconds} ns"; $"{Report.number 0 it.Bytes} B" ]

        Report.table
            [ "who listens"; "read"; "allocated"; "write"; "allocated" ]
            [ for who, _ in listeners -> who :: cells who read @ cells who write ]
        |> output.Show "telemetry"
