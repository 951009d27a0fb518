namespace Runa.Session

open System
open Microsoft.Extensions.DependencyInjection

/// What a driver takes from the services of a host.
module internal RegisteredServices =
    /// A keyed service. Null: it is not registered, or there is no host, or one without keyed services.
    let keyed (wanted: Type) (key: objnull) (services: IServiceProvider | null) : objnull =
        match services with
        | :? IKeyedServiceProvider as keyed -> keyed.GetKeyedService(wanted, key)
        | _ -> null

    /// The clock of a driver: what its options set, or else the registered one.
    let clock (ofOptions: TimeProvider) (services: IServiceProvider) : TimeProvider =
        match services.GetService typeof<TimeProvider> with
        | :? TimeProvider as clock when Object.ReferenceEquals(ofOptions, TimeProvider.System) -> clock
        | _ -> ofOptions
