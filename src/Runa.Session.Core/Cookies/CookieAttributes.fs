namespace Runa.Session

/// When a cookie has the attribute Secure. Browsers send such a cookie over https only (RFC 6265 §5.2.5).
[<RequireQualifiedAccess>]
type CookieSecure =
    /// Always.
    | Always
    /// If the request came over https.
    | SameAsRequest
    /// Never.
    | Never

    /// Written out, as F#'s own ToString needs reflection, which native AOT does not have.
    override this.ToString() =
        match this with
        | CookieSecure.Always -> "Always"
        | CookieSecure.SameAsRequest -> "SameAsRequest"
        | CookieSecure.Never -> "Never"

/// The attribute SameSite of a cookie: with which requests from other sites browsers send it (RFC 6265bis §5.2).
[<RequireQualifiedAccess>]
type SameSite =
    /// Only with top-level navigation, such as following a link.
    | Lax
    /// With no request from another site.
    | Strict
    /// With every request. Browsers then require the attribute Secure.
    | None
    /// The attribute is left out, and browsers decide.
    | Unspecified

    /// Written out, as F#'s own ToString needs reflection, which native AOT does not have.
    override this.ToString() =
        match this with
        | SameSite.Lax -> "Lax"
        | SameSite.Strict -> "Strict"
        | SameSite.None -> "None"
        | SameSite.Unspecified -> "Unspecified"
