namespace Runa.Session

/// When a cookie has the attribute Secure, with which browsers send it over https only (RFC 6265 §5.2.5).
[<RequireQualifiedAccess>]
type CookieSecure =
    /// Always.
    | Always
    /// Where the request came over https.
    | SameAsRequest
    /// Never.
    | Never

/// The attribute SameSite of a cookie: with which requests of other sites browsers send it (RFC 6265bis §5.2).
[<RequireQualifiedAccess>]
type SameSite =
    /// With links that lead here, and with nothing else that another site starts.
    | Lax
    /// With nothing that another site starts.
    | Strict
    /// With every request. Browsers then ask for Secure.
    | None
    /// The attribute is left out: browsers decide.
    | Unspecified
