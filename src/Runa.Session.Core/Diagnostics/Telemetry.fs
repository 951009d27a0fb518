namespace Runa.Session

open System
open System.Collections.Generic
open System.Diagnostics
open System.Diagnostics.Metrics

/// The tags of instruments and activities. None of them says an id, an owner or a value (promise 5).
module internal TelemetryTags =
    let tag (name: string) (value: objnull) = KeyValuePair<string, objnull>(name, value)
    let session (name: string) = tag "runa.session.name" name
    let driver (name: string) = tag "runa.session.driver" name
    let outcome (what: string) = tag "runa.session.outcome" what

/// The instruments of one registry, on a meter of the host's factory or, without a host, on a meter of their own.
/// docs/run/telemetry.md lists them, and a test compares.
[<Sealed>]
type internal Telemetry(factory: IMeterFactory | null) =
    static let name = "Runa.Session"

    static let version =
        match typeof<Telemetry>.Assembly.GetName().Version with
        | null -> null
        | version -> version.ToString 3

    // Nothing of a host makes activity sources, so there is one for the process.
    static let source = new ActivitySource(name, version)

    let meter =
        let options = MeterOptions(name, Version = version)

        match factory with
        | null -> new Meter(options)
        | factory -> factory.Create options

    let counter name unit description = meter.CreateCounter<int64>($"runa.session.{name}", unit, description)

    let histogram name unit description (bounds: 'T list) =
        let advice = InstrumentAdvice<'T>(HistogramBucketBoundaries = bounds)
        meter.CreateHistogram<'T>($"runa.session.{name}", unit, description, null, advice)

    let seconds =
        [ 0.0001; 0.0005; 0.001; 0.0025; 0.005; 0.01; 0.025; 0.05; 0.1; 0.25; 0.5; 1.; 2.5; 5.; 10. ]

    static member Source: ActivitySource = source

    /// A counter whose numbers are read when somebody asks for them.
    member _.ObserveCounter(name: string, unit: string, description: string, read: unit -> Measurement<int64> seq) =
        meter.CreateObservableCounter($"runa.session.{name}", (fun () -> read ()), unit, description)
        |> ignore

    /// A gauge whose numbers are read when somebody asks for them.
    member _.ObserveGauge(name: string, unit: string, description: string, read: unit -> Measurement<int64> seq) =
        meter.CreateObservableGauge($"runa.session.{name}", (fun () -> read ()), unit, description)
        |> ignore

    member val Loaded = counter "loaded" "{session}" "Sessions that were found under the token of a cookie."
    member val Missed = counter "missed" "{session}" "Genuine tokens whose session is gone."
    member val Created = counter "created" "{session}" "Sessions that began."
    member val Saved = counter "saved" "{session}" "Sessions that were stored with a change, or under a new id."
    member val Touched = counter "touched" "{session}" "Idle ends that were moved."
    member val Destroyed = counter "destroyed" "{session}" "Sessions that a request ended, as by signing out."
    member val Revoked =
        counter
            "revoked"
            "{session}"
            "Sessions that were ended by owner, or all of a name, or because their owner had too many."
    member val Conflicts = counter "conflicts" "{attempt}" "Attempts to commit that found a change by another request."

    member val Dropped =
        counter
            "dropped_changes"
            "{change}"
            "Changes of run-once handlers that were dropped because the session was gone."

    member val Undecodable = counter "undecodable_values" "{value}" "Stored values that their key could not read."

    member val Unreadable =
        counter
            "unreadable_records"
            "{record}"
            "Stored sessions, or tickets in them, that could not be read: damaged, of a newer format, or encrypted under another token."

    member val Foreign =
        counter "foreign_tokens" "{token}" "Cookies with a token that none of the application's secrets has signed."

    member val Thefts =
        counter
            "thefts_suspected"
            "{session}"
            "Sessions whose token was used long after it had been exchanged, or whose device's proof was signed with another key."

    member val DevicesOffered =
        counter "devices_offered" "{session}" "Sessions whose browser was offered to bind them to its device."

    member val DevicesBound =
        counter "devices_bound" "{session}" "Sessions whose binding to a device has come into force."

    member val DeviceProofs =
        counter "device_proofs" "{request}" "Requests of browsers that register or refresh a binding to their device."

    member val Unproven =
        counter
            "unproven"
            "{request}"
            "Requests for a session that is bound, or must be, that did not prove to come from its device."

    member val Failures = counter "store_failures" "{call}" "Calls to a driver that failed."

    member val EventsDropped =
        counter "events_dropped" "{event}" "Events that were dropped, because those who listen were too slow."

    member val LoadDuration = histogram "load.duration" "s" "How long it took to load a session from its store." seconds

    member val CommitDuration =
        histogram "commit.duration" "s" "How long it took to commit a session, with all attempts." seconds

    member val Attempts =
        histogram "commit.attempts" "{attempt}" "How many attempts a commit took." [ 1; 2; 3; 5; 8; 16; 32; 64 ]

    member val Size =
        histogram
            "size"
            "By"
            "The size of a session that was stored, as the setting max_bytes counts it."
            [ 64; 256; 1_024; 4_096; 16_384; 65_536; 262_144; 1_048_576 ]

    interface IDisposable with
        /// A meter of the host's factory is the factory's to dispose.
        member _.Dispose() =
            if isNull factory then
                meter.Dispose()
