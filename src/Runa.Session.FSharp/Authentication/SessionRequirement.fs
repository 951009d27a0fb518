namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authorization
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Mvc.Filters

/// Demands something of a session. It brings its own handler, so nothing is registered. `refused` is told of a session that does
/// not meet it.
[<Sealed>]
type internal SessionRequirement
    (sessionName: string, demand: string, isMet: Session -> bool, refused: HttpContext -> Session -> unit) =
    inherit AuthorizationHandler<SessionRequirement>()

    /// Of an endpoint or an MVC filter; null for another resource.
    let request (resource: objnull) : HttpContext | null =
        match resource with
        | :? HttpContext as context -> context
        | :? AuthorizationFilterContext as filtered -> filtered.HttpContext
        | _ -> null

    interface IAuthorizationRequirement

    override _.ToString() = demand

    // A policy with several of these asks each of them about all.
    override this.HandleRequirementAsync(context: AuthorizationHandlerContext, requirement: SessionRequirement) : Task =
        task {
            match request context.Resource with
            | NonNull request when Object.ReferenceEquals(requirement, this) ->
                let! session = (AuthenticationScope.find request sessionName).Load CancellationToken.None

                if isMet session then context.Succeed requirement else refused request session
            | _ -> ()
        }

module internal SessionRequirement =
    /// The owner of the session showed who they are lately.
    let fresh (sessionName: string) (maxAge: TimeSpan) : SessionRequirement =
        let stale (request: HttpContext) (session: Session) =
            if (Session.owner session).IsSome then
                StaleSessions.Of(request).Add sessionName

        SessionRequirement(sessionName, $"FreshSession (\"{sessionName}\", {maxAge})", Session.isFresh maxAge, stale)

    /// The session is bound to its device.
    let deviceBound (sessionName: string) : SessionRequirement =
        let isBound (session: Session) = (Session.device session).IsBound
        SessionRequirement(sessionName, $"DeviceBound (\"{sessionName}\")", isBound, (fun _ _ -> ()))
