namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Logging
open Runa

/// Finds who listens to the events of an application's sessions: its setup, its audit log, its services.
module internal EventListeners =
    let private isRegistered (services: IServiceProvider | null) : bool =
        match services with
        | null -> false
        | services ->
            match services.GetService typeof<IServiceProviderIsService> with
            | :? IServiceProviderIsService as known -> known.IsService typeof<ISessionEvents>
            | _ -> false

    let private ofServices (services: IServiceProvider | null) : (SessionEvent -> CancellationToken -> ValueTask) list =
        match services with
        | null -> []
        | services ->
            [ for listener in services.GetServices<ISessionEvents>() ->
                  fun event token -> listener.OnSessionEventAsync(event, token) ]

    /// The queues to those who listen: the audit log, each function, and the services together. Null: nobody listens.
    let queues
        (parts: SetupParts)
        (services: IServiceProvider | null)
        (loggers: ILoggerFactory)
        (secret: string)
        (telemetry: Telemetry)
        : EventQueues | null =
        let audit =
            match parts.Audit with
            | ValueSome showsOwners -> [ AuditLog(loggers, secret, showsOwners).Write ]
            | ValueNone -> []

        let log = loggers.CreateLogger "Runa.Session"

        let made () =
            try
                ofServices services
            with e ->
                Log.eventFailed log "the first event" e
                []

        let queue listeners = EventQueue(listeners, log, telemetry)

        match
            [ for listener in audit @ parts.Listeners do
                  yield queue (fun () -> [ listener ])
              if isRegistered services then
                  yield queue made ]
        with
        | [] -> null
        | queues -> EventQueues queues
