namespace Runa.Session

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Http

/// Handlers for Giraffe, Saturn and plain ASP.NET Core. Before any byte of the response, they raise
/// InvalidOperationException without AddRunaSession and for a name that is not registered, SessionStoreException if the
/// store fails, SessionConflictException if a change could not be saved, SessionTooLargeException if the session is over
/// its limit, and SessionLimitException if its owner has too many sessions. A change that cannot be saved, because the request
/// does not prove that it comes from the session's device (DeviceBound), is answered with 401, or with 503 if the browser says
/// that it could not prove it just now.
[<AutoOpen; AbstractClass; Sealed>]
type SessionHandlers =
    /// Loads the session, runs the step, commits the session that it returns, then runs the handler that it returns.
    /// The step must be pure: if another request is first, it runs again on the newer session, and the handler of the
    /// lost attempt never runs.
    static member withSession: name: string -> step: (Session -> Session * HttpHandler) -> HttpHandler

    /// Like withSession, but goes on with the next handler.
    static member updateSession: name: string -> step: (Session -> Session) -> HttpHandler

    /// Runs a handler made from the session. Writes nothing, except a rare touch of its idle end.
    static member readSession: name: string -> handler: (Session -> HttpHandler) -> HttpHandler

    /// Like withSession, for a step that does I/O. It runs once; on a conflict its changes are merged, key by key, onto
    /// the newer session.
    static member withSessionTask:
        name: string -> step: (HttpContext -> Session -> Task<Session * HttpHandler>) -> HttpHandler

    /// Loads the session for the handlers that follow: ctx.GetSession reads it, and ctx.SetSession sets a changed one.
    /// The change is committed before the first byte of the response, or at the end of the handler. If an exception
    /// passes through, what was not committed is discarded.
    static member useSession: name: string -> HttpHandler

    /// Like withSession if somebody is signed in; the step gets the owner. If nobody is, runs `otherwise`. The owner is
    /// checked in every attempt, so a logout in between is noticed.
    static member withOwner:
        name: string -> otherwise: HttpHandler -> step: (string -> Session -> Session * HttpHandler) -> HttpHandler

    /// Like withOwner, for what needs a fresh sign-in, such as a change of the password: runs `otherwise` also if the owner
    /// signed in, or was authenticated again (Session.reauthenticate), longer ago than maxAge. Raises
    /// ArgumentOutOfRangeException, when the handler is made, if it is not positive.
    static member withFreshOwner:
        name: string ->
        maxAge: TimeSpan ->
        otherwise: HttpHandler ->
        step: (string -> Session -> Session * HttpHandler) ->
            HttpHandler

    /// Like withOwner, for what only the owner's own device may do: runs `otherwise` also if the session is not bound to its
    /// device (Session.device), as in browsers that do not know device-bound sessions.
    static member withDevice:
        name: string -> otherwise: HttpHandler -> step: (string -> Session -> Session * HttpHandler) -> HttpHandler

    /// Runs a handler that signs in. If the owner has as many sessions as max_sessions allows, and when_full is "refuse",
    /// runs `otherwise`: `whenFull tooMany (updateSession "web" (Session.signIn id) >=> redirectTo false "/")`.
    static member whenFull: otherwise: HttpHandler -> handler: HttpHandler -> HttpHandler

    /// Makes an ASP.NET Core endpoint of a handler. If the handler declines, the status is 404.
    static member toRequestDelegate: handler: HttpHandler -> RequestDelegate

    /// Makes a handler of an ASP.NET Core result.
    static member ofResult: result: IResult -> HttpHandler
