namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authorization
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Mvc.Filters

/// Says to the session's scheme that a user was refused only because the sign-in is too long ago.
[<Sealed>]
type internal StaleSession(sessionName: string) =
    member _.SessionName = sessionName

/// Demands that the owner of a session showed who they are lately. It brings its own handler, so nothing is registered.
[<Sealed>]
type internal FreshSessionRequirement(sessionName: string, maxAge: TimeSpan) =
    inherit AuthorizationHandler<FreshSessionRequirement>()

    let request (resource: objnull) : HttpContext | null =
        match resource with
        | :? HttpContext as context -> context
        | :? AuthorizationFilterContext as filtered -> filtered.HttpContext
        | _ -> null

    interface IAuthorizationRequirement

    override _.ToString() = $"FreshSession (\"{sessionName}\", {maxAge})"

    override _.HandleRequirementAsync
        (context: AuthorizationHandlerContext, requirement: FreshSessionRequirement)
        : Task =
        task {
            match request context.Resource with
            | null -> ()
            | request ->
                let! session = (AuthenticationScope.find request sessionName).Load CancellationToken.None

                if Session.isFresh maxAge session then
                    context.Succeed requirement
                elif (Session.owner session).IsSome then
                    request.Features.Set(StaleSession sessionName)
        }
