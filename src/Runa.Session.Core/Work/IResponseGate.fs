namespace Runa.Session

/// The response that carries a session's cookie.
[<AllowNullLiteral>]
type internal IResponseGate =
    /// Whether the response can still set a cookie.
    abstract CanSendCookie: bool
