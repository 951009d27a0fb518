namespace Runa.Session

open Runa.Session.Hosting

/// What the requests of one application share: its registry, and facts about its pipeline. It is neither the host of a
/// scope (IScopeHost), which is one request, nor the web host.
[<Sealed>]
type internal SessionHost private (registry: SessionRegistry, isWatched: bool) =
    let needsArrival = HostedRegistry.needsArrival registry

    /// The host of an application whose pipeline is watched while it is built.
    new(registry: SessionRegistry) = SessionHost(registry, true)

    /// A host for a request of whose pipeline nothing is known.
    static member Unwatched(registry: SessionRegistry) = SessionHost(registry, false)

    member _.Registry = registry

    /// Whether a session asks when its request arrived. No host: nobody knows yet.
    static member NeedsArrival(host: SessionHost | null) : bool =
        // Not by the pattern NonNull, which would allocate in every request.
        match host with
        | null -> false
        | host -> host.AsksForArrival

    member private _.AsksForArrival = needsArrival

    /// Whether the application's pipeline contains response caching.
    member val MeetsResponseCaching = false with get, set

    /// Whether the application's pipeline contains output caching.
    member val MeetsOutputCaching = false with get, set

    /// Whether a request came through a cache that is not in the application's pipeline, but around it.
    member val IsInsideCache = false with get, set

    /// Whether a cache of the framework may store the response, as far as is known.
    member host.MayBeCached =
        host.MeetsResponseCaching || host.MeetsOutputCaching || host.IsInsideCache || not isWatched
