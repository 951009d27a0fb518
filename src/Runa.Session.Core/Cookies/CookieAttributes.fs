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
