namespace Runa.Session

open System
open Microsoft.AspNetCore.Http

/// Finds the session of a handler.
module internal Asking =
    let private tooLate (name: string) =
        InvalidOperationException
            $"The session \"{name}\" is asked for too late: the response has started, and shared caches were not told to keep it from other visitors. Ask for it before the first write: call ctx.LoadSessionAsync \"{name}\" before whatever writes (useSession alone does not look at it). Or send Cache-Control: no-store with the response."

    /// The scope of a session. Raises InvalidOperationException without AddRunaSession, for a name that is not
    /// registered, and if this is the first session of the request and the response has started.
    let scope (context: HttpContext) (name: string) : SessionScope =
        let scope = context.GetSessionScope name

        if scope.IsTooLate then
            raise (tooLate name)

        scope

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

            if scope.IsOfStepOnce session then
                raise (Misuse.setInStep name)

            if not (scope.IsShown session) then
                raise (
                    InvalidOperationException
                        $"ctx.SetSession was given a session \"{name}\" not made from the current one: after a commit or ctx.SetSession, call ctx.GetSession again and use the session that it returns."
                )

        scope.Set session
