namespace Runa.Session

open System
open Microsoft.AspNetCore.Http

/// Finds the sessions that authentication uses.
module internal AuthenticationScope =
    let private tooLate (name: string) =
        InvalidOperationException
            $"The session \"{name}\" is asked for too late: the response has started, and shared caches were not told to keep it from other visitors. Ask for it before the first write: put app.UseAuthentication() before whatever writes, or call AuthenticateAsync before it. Or send Cache-Control: no-store with the response."

    /// The scope of a session. Raises InvalidOperationException for a name that is not registered, and if this is the
    /// first session of the request and the response has started.
    let find (context: HttpContext) (name: string) : SessionScope =
        let scope = context.GetSessionScope name

        if scope.IsTooLate then
            raise (tooLate name)

        scope

    /// Makes the response private to shared caches, for a session that is not read from this library's cookie. Raises
    /// InvalidOperationException if the response has started without being private.
    let keepPrivate (context: HttpContext) (registry: SessionRegistry) (name: string) : unit =
        let sessions = RequestSessions.Of(context, registry)

        if sessions.IsTooLate then
            raise (tooLate name)

        sessions.Look name
