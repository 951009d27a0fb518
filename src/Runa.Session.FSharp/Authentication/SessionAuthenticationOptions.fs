namespace Runa

open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Http

/// Options of an authentication scheme whose user is the owner of a session. AddRunaSession creates them.
[<Sealed>]
type SessionAuthenticationOptions() =
    inherit AuthenticationSchemeOptions()

    let mutable nameClaimType: string | null = null
    let mutable roleClaimType: string | null = null

    /// The registered session whose owner is the user. Default: "web".
    member val SessionName = "web" with get, set

    /// The path to which a page that needs a user redirects visitors who are not signed in. Default: not set; they get
    /// status 401. After a sign-in on this path, the browser goes to the return URL of the query.
    member val LoginPath = PathString() with get, set

    /// After a sign-out on this path, the browser goes to the return URL of the query. Default: not set.
    member val LogoutPath = PathString() with get, set

    /// The path to which a page redirects a user who may not see it. Default: not set; the user gets status 403.
    member val AccessDeniedPath = PathString() with get, set

    /// The path to which a page that needs a fresh sign-in (RequireFreshSession) redirects a user whose sign-in is too long
    /// ago, with the page as return URL. Default: not set; the user gets what AccessDeniedPath says.
    member val ReauthenticationPath = PathString() with get, set

    /// The name of the query parameter with the return URL. Default: "ReturnUrl".
    member val ReturnUrlParameter = "ReturnUrl" with get, set

    /// The type of the claim that is User.Identity.Name. Default: null, which is the first of ClaimTypes.Name and
    /// "name" that the user has. Without such a claim, the name is the owner.
    member _.NameClaimType
        with get (): string | null = nameClaimType
        and set (value: string | null) = nameClaimType <- value

    /// The type of the claims that User.IsInRole checks. Default: null, which is the first of ClaimTypes.Role, "role"
    /// and "roles" that the user has.
    member _.RoleClaimType
        with get (): string | null = roleClaimType
        and set (value: string | null) = roleClaimType <- value

namespace Runa.Session

/// Options of an authentication scheme whose user is the owner of a session. AddRunaSession creates them.
type SessionAuthenticationOptions = Runa.SessionAuthenticationOptions
