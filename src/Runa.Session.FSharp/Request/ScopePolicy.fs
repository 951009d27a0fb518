namespace Runa.Session

open System

/// What an integration asks of a scope that it opens. Default: nothing.
[<Sealed>]
type ScopePolicy() =
    /// Asked about what a commit raises that nobody called: the one before the first byte of the response. True: the change
    /// is dropped and nothing is raised. Default: null, it is raised to whoever writes the response.
    member val Forgives: Func<exn, bool> | null = null with get, set

    /// A response that sets the session's cookie also says `Cache-Control: no-cache,no-store`, `Pragma: no-cache` and
    /// `Expires: -1`, as that of ASP.NET Core's own session does. Default: false.
    member val ForbidsCaching = false with get, set
