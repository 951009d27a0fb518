namespace Runa.Session

/// What the requests of one application share.
[<Sealed>]
type internal SessionHost(registry: SessionRegistry) =
    member _.Registry = registry

    /// Whether the application's pipeline contains response caching.
    member val MeetsResponseCaching = false with get, set
