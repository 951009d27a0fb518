namespace Runa.Session

open System.Diagnostics.Metrics

/// Shows how full the stores of this process are.
module internal DriverUsages =
    /// `drivers`: by the names by which settings choose them.
    let observe (telemetry: Telemetry) (drivers: (string * SessionDriver) list) : unit =
        let used =
            [ for name, driver in drivers do
                  match driver.Usage with
                  | ValueSome usage -> struct (TelemetryTags.driver name, usage)
                  | ValueNone -> () ]

        let each (read: DriverUsage -> int64) () : Measurement<int64> seq =
            [ for struct (driver, usage) in used -> Measurement<int64>(read (usage ()), driver) ]

        let evicted () : Measurement<int64> seq =
            [ for struct (driver, usage) in used do
                  let usage = usage ()
                  Measurement<int64>(usage.EvictedVisitors, driver, TelemetryTags.outcome "visitor")
                  Measurement<int64>(usage.EvictedUsers, driver, TelemetryTags.outcome "signed_in") ]

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
