namespace Runa.Session

open System.Threading.Tasks
open Microsoft.AspNetCore.Http

/// Handlers for Giraffe, Saturn and plain ASP.NET Core. All of them raise InvalidOperationException without
/// AddRunaSession and for a name that is not registered, SessionStoreException where the store fails,
/// SessionConflictException where a change could not be saved and SessionTooLargeException where it is over the limit:
/// before any byte of the response.
[<AutoOpen; AbstractClass; Sealed>]
type SessionHandlers =
    /// Loads the session, runs the step, commits what it hands back, then runs the handler beside it. The step must be
    /// pure: when another request got there first it runs again on the newer session, and the handler of the lost
    /// attempt is never run.
    static member withSession: name: string -> step: (Session -> Session * HttpHandler) -> HttpHandler

    /// As withSession, going on with the next handler.
    static member updateSession: name: string -> step: (Session -> Session) -> HttpHandler

    /// Runs a handler made from the session; nothing of it is written, beyond a rare touch of its idle end.
    static member readSession: name: string -> handler: (Session -> HttpHandler) -> HttpHandler

    /// As withSession for a step that does I/O: it runs once, and on a conflict its changes are merged onto the newer
    /// session, key by key.
    static member withSessionTask:
        name: string -> step: (HttpContext -> Session -> Task<Session * HttpHandler>) -> HttpHandler

    /// Loads the session for what follows: ctx.GetSession reads it, ctx.SetSession leaves a changed one, which is
    /// committed before the first byte of the response or at the end of the handler. An exception that passes through
    /// discards what was not committed.
    static member useSession: name: string -> HttpHandler

    /// As withSession where somebody is signed in, with the owner; `otherwise` where nobody is. The owner is asked for in
    /// every attempt, so that a logout in between is seen.
    static member withOwner:
        name: string -> otherwise: HttpHandler -> step: (string -> Session -> Session * HttpHandler) -> HttpHandler

    /// Runs a handler as an endpoint of ASP.NET Core; one that declines is 404.
    static member toRequestDelegate: handler: HttpHandler -> RequestDelegate

    /// A result of ASP.NET Core as a handler.
    static member ofResult: result: IResult -> HttpHandler
