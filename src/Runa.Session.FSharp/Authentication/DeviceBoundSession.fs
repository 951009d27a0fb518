namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authorization

/// Demands that a session is bound to its device. It brings its own handler, so nothing is registered.
[<Sealed>]
type internal DeviceBoundRequirement(sessionName: string) =
    inherit AuthorizationHandler<DeviceBoundRequirement>()

    interface IAuthorizationRequirement

    override _.ToString() = $"DeviceBound (\"{sessionName}\")"

    // A policy with several of these asks each of them about all.
    override this.HandleRequirementAsync
        (context: AuthorizationHandlerContext, requirement: DeviceBoundRequirement)
        : Task =
        task {
            match AuthorizedRequest.tryOf context.Resource with
            | NonNull request when Object.ReferenceEquals(requirement, this) ->
                let! session = (AuthenticationScope.find request sessionName).Load CancellationToken.None

                if (Session.device session).IsBound then
                    context.Succeed requirement
            | _ -> ()
        }
