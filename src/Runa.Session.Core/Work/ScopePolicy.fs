namespace Runa.Session

open System

/// Options of an integration for a scope that it opens.
[<Sealed>]
type ScopePolicy() =
    /// Called with an exception of the commit before the first byte of the response, which no code asked for. If it
    /// returns true, the change is dropped and nothing is raised. Default: null; the exception is raised to the code
    /// that writes the response.
    member val Forgives: Func<exn, bool> | null = null with get, set

    /// Whether a response that sets the session's cookie also has `Cache-Control: no-cache,no-store`, `Pragma:
    /// no-cache` and `Expires: -1`, like one of ASP.NET Core's own session. Default: false.
    member val ForbidsCaching = false with get, set
