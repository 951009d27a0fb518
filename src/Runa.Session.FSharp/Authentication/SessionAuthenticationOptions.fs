namespace Runa.Session

open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Http

/// How a session signs in and out as an authentication scheme of ASP.NET Core. Made by AddRunaSession.
[<Sealed>]
type SessionAuthenticationOptions() =
    inherit AuthenticationSchemeOptions()

    let mutable nameClaimType: string | null = null
    let mutable roleClaimType: string | null = null

    /// The registered session whose owner is the user. Default: "web".
    member val SessionName = "web" with get, set

    /// Where a page that needs a user sends those who are not signed in. Default: not set, they get status 401. A sign-in
    /// on this path goes on to where the query's return URL says.
    member val LoginPath = PathString() with get, set

    /// A sign-out on this path goes on to where the query's return URL says. Default: not set.
    member val LogoutPath = PathString() with get, set

    /// Where a page sends a user who may not see it. Default: not set, they get status 403.
    member val AccessDeniedPath = PathString() with get, set

    /// The name of the return URL in a query. Default: "ReturnUrl".
    member val ReturnUrlParameter = "ReturnUrl" with get, set

    /// The claim that is User.Identity.Name. Default: null, the first of ClaimTypes.Name and "name" that the user has.
    /// Where the user has none, the name is the owner.
    member _.NameClaimType
        with get (): string | null = nameClaimType
        and set (value: string | null) = nameClaimType <- value

    /// The claims that User.IsInRole looks at. Default: null, the first of ClaimTypes.Role, "role" and "roles" that the
    /// user has.
    member _.RoleClaimType
        with get (): string | null = roleClaimType
        and set (value: string | null) = roleClaimType <- value
