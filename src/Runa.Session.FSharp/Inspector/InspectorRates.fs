namespace Runa.Session

open System
open System.Collections.Generic
open System.Diagnostics.Metrics
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Hosting

/// What was counted lately: for each name, numbers of ten seconds each, oldest first.
type internal Rates = { Seconds: int; Series: (string * int64[]) list }

/// Keeps the counters of this host's sessions for the last ten minutes. It is a listener of the meter, so counting costs a
/// little while the inspector is on.
[<Sealed>]
type internal InspectorRates(services: IServiceProvider, clock: TimeProvider) =
    static let seconds = 10
    static let buckets = 60

    static let names =
        [ "loaded"
          "created"
          "saved"
          "missed"
          "conflicts"
          "revoked"
          "foreign_tokens"
          "devices_bound"
          "unproven"
          "thefts_suspected"
          "evicted"
          "store_failures" ]

    let counts = Dictionary<string, int64[]>()
    let gauges = Dictionary<string, int64>()
    /// What counters that must be asked have told so far, by instrument and tags.
    let totals = Dictionary<string, int64>()
    let mutable newest = 0L
    let mutable timer: ITimer | null = null
    let listener = new MeterListener()
    let slot () = clock.GetUtcNow().ToUnixTimeSeconds() / int64 seconds

    /// Forgets what has become too old.
    let advance (now: int64) : unit =
        let passed = int (min (int64 buckets) (max 0L (now - newest)))

        if passed > 0 then
            for KeyValue(_, numbers) in counts do
                Array.Copy(numbers, passed, numbers, 0, buckets - passed)
                Array.Clear(numbers, buckets - passed, passed)

            newest <- now

    let orZero (numbers: Dictionary<string, int64>) (key: string) : int64 =
        match numbers.TryGetValue key with
        | true, number -> number
        | _ -> 0L

    let short (instrument: Instrument) = instrument.Name.Substring "runa.session.".Length

    let add (name: string) (number: int64) : unit =
        lock counts (fun () ->
            advance (slot ())
            counts[name][buckets - 1] <- counts[name][buckets - 1] + number)

    do
        for name in names do
            counts[name] <- Array.zeroCreate buckets

        newest <- slot ()

    /// What was counted since the last time. Such a counter tells all that it ever counted.
    let grown (instrument: Instrument) (total: int64) (tags: KeyValuePair<string, objnull>[]) : int64 =
        let key = String.Join('\n', instrument.Name :: [ for tag in tags -> string tag.Value ])
        let before = orZero totals key
        totals[key] <- total
        max 0L (total - before)

    /// Asks what the stores of this process hold and have evicted. Returns what is wrong with those that raise.
    let observe () : string list =
        gauges.Clear()

        try
            listener.RecordObservableInstruments()
            []
        with
        | :? AggregateException as e -> [ for one in e.Flatten().InnerExceptions -> one.Message ] |> List.distinct
        | e -> [ e.Message ]

    /// The counters, what the stores of this process hold (memory.sessions, memory.usage), if they tell, and why some do not.
    member _.Now() : Rates * Map<string, int64> * string list =
        lock gauges (fun () ->
            let failures = observe ()
            let held = Map [ for KeyValue(name, number) in gauges -> name, number ]

            lock counts (fun () ->
                advance (slot ())
                { Seconds = seconds; Series = [ for name in names -> name, Array.copy counts[name] ] }, held, failures))

    interface IHostedService with
        member _.StartAsync _ =
            let factory = services.GetService<IMeterFactory>()

            listener.InstrumentPublished <-
                fun instrument listener ->
                    let isOurs =
                        instrument.Meter.Name = "Runa.Session"
                        && Object.ReferenceEquals(instrument.Meter.Scope, factory)

                    if isOurs && (counts.ContainsKey(short instrument) || (short instrument).StartsWith "memory.") then
                        listener.EnableMeasurementEvents instrument

            listener.SetMeasurementEventCallback<int64>(fun instrument number tags _ ->
                let name = short instrument

                if not (counts.ContainsKey name) then
                    gauges[name] <- number + orZero gauges name
                elif instrument.IsObservable then
                    add name (grown instrument number (tags.ToArray()))
                else
                    add name number)

            listener.Start()
            let period = TimeSpan.FromSeconds(float seconds)
            // Or all that was evicted would count for the time of the next look.
            timer <- clock.CreateTimer((fun _ -> lock gauges observe |> ignore), null, period, period)
            Task.CompletedTask

        member _.StopAsync _ = Task.CompletedTask

    interface IDisposable with
        member _.Dispose() =
            match timer with
            | null -> ()
            | timer -> timer.Dispose()

            listener.Dispose()
