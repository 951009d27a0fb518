namespace Runa.Session

open System
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Logging

/// The services from which drivers are created: the host's, if there is one, with the clock and the loggers of the
/// sessions. A driver with another clock would judge ends differently from the sessions in it.
[<Sealed>]
type internal DriverServices(host: IServiceProvider | null, clock: TimeProvider, loggers: ILoggerFactory) =
    interface IServiceProvider with
        member _.GetService wanted =
            if wanted = typeof<TimeProvider> then
                box clock
            elif wanted = typeof<ILoggerFactory> then
                box loggers
            else
                match host with
                | null -> null
                | host -> host.GetService wanted

    interface IKeyedServiceProvider with
        member _.GetKeyedService(wanted, key) = RegisteredServices.keyed wanted key host

        member _.GetRequiredKeyedService(wanted, key) =
            match host with
            | null ->
                raise (InvalidOperationException $"No keyed service {wanted.Name} is registered: there is no host.")
            | host -> host.GetRequiredKeyedService(wanted, key)
