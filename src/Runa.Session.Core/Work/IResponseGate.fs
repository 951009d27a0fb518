namespace Runa.Session

/// What a session asks of the response that its cookie goes out with.
[<AllowNullLiteral>]
type internal IResponseGate =
    /// The response can still set a cookie.
    abstract CanSendCookie: bool
