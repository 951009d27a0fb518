namespace Runa.Session

open Microsoft.AspNetCore.Http

/// Finds the sessions that authentication uses.
module internal AuthenticationScope =
    let private advice (_: string) =
        "put app.UseAuthentication() before whatever writes, or call AuthenticateAsync before it"

    /// The scope of a session. Raises InvalidOperationException for a name that is not registered, and if this is the
    /// first session of the request and the response has started.
    let find (context: HttpContext) (name: string) : SessionScope = ScopeInTime.find advice context name

    /// Makes the response private to shared caches, for a session that is not read from this library's cookie. Raises
    /// InvalidOperationException if the response has started without being private.
    let keepPrivate (context: HttpContext) (registry: SessionRegistry) (name: string) : unit =
        let sessions = RequestSessions.Of(context, registry)

        if sessions.IsTooLate then
            raise (RequestFacts.tooLateFor name (advice name))

        sessions.Look name
