namespace Runa.Session

open System
open System.Collections.Generic
open System.Diagnostics.Metrics

/// Shows how full the stores of this process are.
module internal DriverUsages =
    let private ask (name: string) (usage: unit -> DriverUsage) : Result<DriverUsage, exn> =
        try
            Ok(usage ())
        with e ->
            Error(
                InvalidOperationException(
                    $"The driver \"{name}\" could not say how full its store is: {e.GetType().Name}. The cause is the inner exception.",
                    e
                )
            )

    /// `drivers`: by the names by which settings choose them.
    let observe (telemetry: Telemetry) (drivers: (string * SessionDriver) list) : unit =
        let used =
            [ for name, driver in drivers do
                  match driver.Usage with
                  | ValueSome usage -> struct (name, usage)
                  | ValueNone -> () ]

        // A driver that raises hides nothing of the others: its failure comes last.
        let ofAll (show: KeyValuePair<string, objnull> -> DriverUsage -> Measurement<int64> list) () =
            seq {
                let failures = List<exn>()

                for struct (name, usage) in used do
                    match ask name usage with
                    | Ok usage -> yield! show (TelemetryTags.driver name) usage
                    | Error e -> failures.Add e

                if failures.Count > 0 then
                    raise failures[0]
            }

        let each (read: DriverUsage -> int64) = ofAll (fun driver usage -> [ Measurement<int64>(read usage, driver) ])

        let evicted =
            ofAll (fun driver usage ->
                [ Measurement<int64>(usage.EvictedVisitors, driver, TelemetryTags.outcome "visitor")
                  Measurement<int64>(usage.EvictedUsers, driver, TelemetryTags.outcome "signed_in") ])

        telemetry.ObserveCounter(
            "evicted",
            "{session}",
            "Sessions that a store of this process evicted because it was full.",
            evicted
        )

        telemetry.ObserveGauge(
            "memory.sessions",
            "{session}",
            "Sessions that a store of this process holds.",
            each _.Sessions
        )

        telemetry.ObserveGauge("memory.usage", "By", "Bytes that they take.", each _.Bytes)
