namespace Runa.Session

/// A token in each form that shows that the form came from this session: the synchronizer token pattern of OWASP's
/// Cross-Site Request Forgery Prevention. Use it beside CrossOrigin.refuse, for browsers that do not say where a request
/// comes from. The session holds a random secret of 32 bytes, and up to four if requests at the same time made its first
/// tokens; a token is made from one of them, from the owner and from the time of the sign-in, so a sign-in makes earlier
/// tokens invalid. Each issue of a token looks different (against BREACH).
[<RequireQualifiedAccess>]
module CsrfToken =
    /// The name of the hidden form field: "csrf_token".
    [<Literal>]
    val fieldName: string = "csrf_token"

    /// The name of the header for scripts: "X-CSRF-Token".
    [<Literal>]
    val headerName: string = "X-CSRF-Token"

    /// A token for the forms of this page, 86 characters that need no encoding, and the session that holds its secret.
    /// The first call for a session changes it, so a page with a form stores a session for each new visitor.
    val issue: session: Session -> string * Session

    /// Whether the token was issued for this session since its sign-in. Null and texts that are no tokens are not valid.
    val isValid: token: string | null -> session: Session -> bool

    /// Goes on with GET, HEAD, OPTIONS and TRACE, and with requests that bring a valid token in the header, or else in the
    /// form field; others get the handler `otherwise`. Reads the session, and raises what readSession raises.
    val validate: name: string -> otherwise: HttpHandler -> HttpHandler
