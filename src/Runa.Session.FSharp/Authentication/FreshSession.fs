namespace Runa.Session

open System
open System.Collections.Generic
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authorization
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Mvc.Filters

/// Says to the schemes of sessions that a user was refused because a sign-in is too long ago, and for which sessions. Of
/// several schemes that refuse the same user, the one whose session was found stale first decides where to go.
[<Sealed>]
type internal StaleSessions() =
    let found = List<string>()
    let mutable decided = Int32.MaxValue

    static member Of(request: HttpContext) : StaleSessions =
        match request.Features.Get<StaleSessions>() with
        | null ->
            let stale = StaleSessions()
            request.Features.Set stale
            stale
        | stale -> stale

    member _.Add(sessionName: string) : unit =
        if not (found.Contains sessionName) then
            found.Add sessionName

    /// Whether the session's scheme sends the user to authenticate again.
    member _.Decides(sessionName: string) : bool =
        let at = found.IndexOf sessionName

        if at >= 0 && at <= decided then
            decided <- at
            true
        else
            false

    /// Whether a scheme has sent the user to authenticate again.
    member _.IsDecided = decided < Int32.MaxValue

/// The request of a resource that is to be authorized: of an endpoint, or of an MVC filter.
module internal AuthorizedRequest =
    let tryOf (resource: objnull) : HttpContext | null =
        match resource with
        | :? HttpContext as context -> context
        | :? AuthorizationFilterContext as filtered -> filtered.HttpContext
        | _ -> null

/// Demands that the owner of a session showed who they are lately. It brings its own handler, so nothing is registered.
[<Sealed>]
type internal FreshSessionRequirement(sessionName: string, maxAge: TimeSpan) =
    inherit AuthorizationHandler<FreshSessionRequirement>()

    interface IAuthorizationRequirement

    override _.ToString() = $"FreshSession (\"{sessionName}\", {maxAge})"

    // A policy with several of these asks each of them about all.
    override this.HandleRequirementAsync
        (context: AuthorizationHandlerContext, requirement: FreshSessionRequirement)
        : Task =
        task {
            match AuthorizedRequest.tryOf context.Resource with
            | NonNull request when Object.ReferenceEquals(requirement, this) ->
                let! session = (AuthenticationScope.find request sessionName).Load CancellationToken.None

                if Session.isFresh maxAge session then
                    context.Succeed requirement
                elif (Session.owner session).IsSome then
                    StaleSessions.Of(request).Add sessionName
            | _ -> ()
        }
