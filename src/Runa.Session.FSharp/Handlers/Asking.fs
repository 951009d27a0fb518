namespace Runa.Session

open System
open Microsoft.AspNetCore.Http
open Runa.Session.Hosting

/// Finds the session of a handler.
module internal Asking =
    let private advice (name: string) =
        $"call ctx.LoadSessionAsync \"{name}\" before whatever writes (useSession alone does not look at it)"

    /// The scope of a session. Raises InvalidOperationException without AddRunaSession, for a name that is not
    /// registered, and if this is the first session of the request and the response has started.
    let scope (context: HttpContext) (name: string) : SessionScope = ScopeInTime.find advice context name

    /// The scope of a session that is loaded. Raises InvalidOperationException if it is not.
    let loaded (context: HttpContext) (name: string) : SessionScope =
        let scope = scope context name

        if not scope.IsLoaded then
            raise (
                InvalidOperationException
                    $"The session \"{name}\" is not loaded in this request: put useSession \"{name}\" before this handler, or use ctx.LoadSessionAsync."
            )

        scope

    /// Like SessionScope.Set, with messages for F#.
    let set (context: HttpContext) (session: Session) : unit =
        let name = Session.name session
        let scope = loaded context name

        if not scope.IsStepping then
            if not scope.IsOpen then
                raise (
                    InvalidOperationException
                        $"The session \"{name}\" cannot be set here, because nothing would commit it: put useSession \"{name}\" before this handler, or use ctx.UpdateSessionAsync."
                )

            HostedScopes.checkNotOfStepOnce session scope

            if not (scope.IsShown session) then
                raise (
                    InvalidOperationException
                        $"ctx.SetSession was given a session \"{name}\" not made from the current one: after a commit or ctx.SetSession, call ctx.GetSession again and use the session that it returns."
                )

        scope.Set session
