namespace Runa.Session

open System
open Microsoft.Extensions.DependencyInjection

/// Keyed services of a host that may have none.
module internal KeyedService =
    let find (wanted: Type) (name: string) (services: IServiceProvider) : objnull =
        match services with
        | :? IKeyedServiceProvider as keyed -> keyed.GetKeyedService(wanted, name)
        | _ -> null
