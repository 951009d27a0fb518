namespace Runa.Session

/// What the requests of one application share: its registry, and a fact about its pipeline. It is neither the host of a
/// scope (IScopeHost), which is one request, nor the web host.
[<Sealed>]
type internal SessionHost(registry: SessionRegistry) =
    member _.Registry = registry

    /// Whether the application's pipeline contains response caching.
    member val MeetsResponseCaching = false with get, set
