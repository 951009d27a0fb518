namespace Runa.Session

open System
open Microsoft.Extensions.Primitives

/// The request that looks at a session. Asked only for what a session needs to know.
type internal IArrivalHost =
    /// When the request came.
    abstract Arrived: DateTimeOffset

    /// Whether its response may set a cookie that the browser then keeps: not if it has started, and not for a prefetch.
    abstract MaySetCookie: bool

    /// Whether the request has found the session to be its own before. Then it stays so: a stream may load it again hours later,
    /// when its bound cookie has ended.
    abstract IsKnown: bool

    /// Takes the cookie of a rotation.
    abstract Renew: CookieChange -> unit

/// How a request came that looks at a session.
[<Struct; NoComparison; NoEquality>]
type internal Arrival =
    {
        Host: IArrivalHost
        /// Its raw Cookie header.
        Cookies: StringValues
        /// Whether the request only peeks at the session, which writes nothing.
        IsPeek: bool
    }

    member arrival.At = arrival.Host.Arrived
    member arrival.IsKnown = arrival.Host.IsKnown
    member arrival.MaySetCookie = not arrival.IsPeek && arrival.Host.MaySetCookie

/// What the session is for a request that has arrived, and the cookie of a rotation, if it made one.
[<Struct; NoComparison; NoEquality>]
type internal Arrived = { Found: Snapshot; Cookie: CookieChange }
