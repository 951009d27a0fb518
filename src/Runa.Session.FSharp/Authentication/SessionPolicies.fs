namespace Microsoft.Extensions.DependencyInjection

open System
open System.Runtime.CompilerServices
open Microsoft.AspNetCore.Authorization
open Runa.Session

/// Policies that look at sessions.
[<Extension; AbstractClass; Sealed>]
type RunaSessionAuthorizationExtensions =
    /// Demands that the owner of this session signed in, or was authenticated again (Session.reauthenticate, in C#
    /// Reauthenticate), at most so long before the request. A user whose sign-in is older is refused as by every policy,
    /// or redirected to SessionAuthenticationOptions.ReauthenticationPath. A policy may demand this of several sessions: all
    /// must be fresh, and of the schemes that refuse, that of the first session that is not says where to go. Works for endpoints and MVC filters; for another
    /// resource it refuses. Raises ArgumentOutOfRangeException if the age is not positive.
    [<Extension>]
    static member RequireFreshSession
        (policy: AuthorizationPolicyBuilder, sessionName: string, maxAge: TimeSpan)
        : AuthorizationPolicyBuilder =
        ArgumentNullException.ThrowIfNull policy
        ArgumentException.ThrowIfNullOrEmpty sessionName
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(maxAge, TimeSpan.Zero)
        policy.AddRequirements(SessionRequirement.fresh sessionName maxAge)

    /// The same for the session "web".
    [<Extension>]
    static member RequireFreshSession
        (policy: AuthorizationPolicyBuilder, maxAge: TimeSpan)
        : AuthorizationPolicyBuilder =
        RunaSessionAuthorizationExtensions.RequireFreshSession(policy, "web", maxAge)

    /// Demands that the session is bound to its device (setting DeviceBound, Session.device, in C# Device). A user whose browser
    /// does not know device-bound sessions is refused as by every policy. Works for endpoints and MVC filters; for another
    /// resource it refuses.
    [<Extension>]
    static member RequireDeviceBound
        (policy: AuthorizationPolicyBuilder, sessionName: string)
        : AuthorizationPolicyBuilder =
        ArgumentNullException.ThrowIfNull policy
        ArgumentException.ThrowIfNullOrEmpty sessionName
        policy.AddRequirements(SessionRequirement.deviceBound sessionName)

    /// The same for the session "web".
    [<Extension>]
    static member RequireDeviceBound(policy: AuthorizationPolicyBuilder) : AuthorizationPolicyBuilder =
        RunaSessionAuthorizationExtensions.RequireDeviceBound(policy, "web")
