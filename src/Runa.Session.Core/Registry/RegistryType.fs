namespace Runa.Session

open System
open System.Collections.Frozen
open System.Collections.Generic
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Logging
open Runa

/// Describes one registered session.
[<RequireQualifiedAccess>]
type SessionInfo =
    {
        /// The name under which it is registered.
        Name: string
        /// The name of its driver.
        Driver: string
        /// The name of its cookie.
        CookieName: string
        /// The absolute lifetime.
        Ttl: TimeSpan
        /// How long it lives without a request. None: it has no idle end.
        IdleTimeout: TimeSpan option
        /// Whether several applications share it.
        Shared: bool
        /// Whether it is the default session, "web", which is used where no name is given.
        Default: bool
        /// The application's own notes.
        Meta: Map<string, string>
    }

/// The validated sessions of an application. Safe to share; AddRunaSession registers it as a singleton.
[<Sealed>]
type SessionRegistry
    internal
    (
        definitions: SessionDefinition list,
        named: (string * SessionDriver) list,
        clock: TimeProvider,
        log: ILogger,
        telemetry: Telemetry,
        events: EventQueues | null
    ) =
    static let purgeEvery = TimeSpan.FromMinutes 1.

    let byName =
        definitions
        |> Seq.map (fun definition -> KeyValuePair(definition.Name, Homes.find definition))
        |> fun pairs -> pairs.ToFrozenDictionary StringComparer.Ordinal

    let drivers = List.map snd named
    let purges =
        [ for name, driver in named -> DriverPurge(driver, log, DriverEvents(events, clock, name)) ]
    let pings = [ for name, driver in named -> DriverPing(name, driver) ]

    let failed (failures: (string * exn) list) : exn =
        let describe (driver: string, e: exn) = $"\"{driver}\" ({e.GetType().Name})"
        let named = failures |> List.map describe |> String.concat ", "

        let cause =
            match failures with
            | [ (_, e) ] -> e
            | failures -> AggregateException(failures |> List.map snd)

        SessionStoreException(
            $"These drivers could not remove expired sessions: {named}. They try again each minute. The cause is the inner exception.",
            false,
            cause
        )

    let purgeAll (token: CancellationToken) : Task<int> =
        task {
            let mutable purged = 0
            let mutable failures = []

            for purge in purges do
                try
                    let! count = purge.Run token
                    purged <- purged + count
                with e when not token.IsCancellationRequested ->
                    failures <- failures @ [ purge.Driver.Name, e ]

                token.ThrowIfCancellationRequested()

            return if failures.IsEmpty then purged else raise (failed failures)
        }

    // Promise 11: expired sessions are removed without any request. Each driver is purged by itself, so a slow or
    // hanging one does not hold up the others.
    let sweeper = clock.CreateTimer((fun _ -> purges |> List.iter _.Tick()), null, purgeEvery, purgeEvery)

    let tellRest () =
        for definition in definitions do
            definition.Events.TellRest()

    member internal _.Definitions = definitions

    /// Whether a session must know when a request came.
    member internal _.NeedsArrival = byName.Values |> Seq.exists _.Arrive.IsSome

    member internal _.Now = clock.GetUtcNow()

    /// Asks all drivers at once, and logs those that do not answer.
    member internal _.PingAll(limit: TimeSpan, token: CancellationToken) : Task<SessionDriverHealth list> =
        task {
            token.ThrowIfCancellationRequested()
            let! answers = Task.WhenAll [ for ping in pings -> ping.Ask(limit, token) ]

            for answer in answers do
                match answer.Failure with
                | null -> ()
                | failure -> Log.pingFailed log answer.Driver failure answer.Error

            return List.ofArray answers
        }

    /// Finds those who listen to events.
    member internal _.FindListeners() : unit =
        match events with
        | null -> ()
        | events -> events.Find()

    /// Waits a while for those who listen to events.
    member internal _.Settle(token: CancellationToken) : Task =
        match events with
        | null -> Task.CompletedTask
        | events ->
            tellRest ()
            events.Settle token

    member internal _.PurgeAll(token: CancellationToken) : Task<int> = purgeAll token

    /// The home of the session. Raises InvalidOperationException for a name that is not registered, naming the known
    /// ones (promise 23).
    member internal _.Find(name: string) : Home =
        match byName.TryGetValue name with
        | true, home -> home
        | _ -> raise (InvalidOperationException $"There is {Nearest.noSession byName.Keys name}")

    interface IAsyncDisposable with
        member _.DisposeAsync() =
            ValueTask(
                task {
                    let stopping = Task.WhenAll [ for purge in purges -> purge.Stop() ]
                    do! sweeper.DisposeAsync()
                    do! stopping

                    for driver in drivers do
                        do! driver.Dispose()

                    match events with
                    | null -> ()
                    | events ->
                        tellRest ()
                        do! (events :> IAsyncDisposable).DisposeAsync()

                    (telemetry :> IDisposable).Dispose()
                }
            )

    interface IDisposable with
        member this.Dispose() = (this :> IAsyncDisposable).DisposeAsync().AsTask().GetAwaiter().GetResult()
