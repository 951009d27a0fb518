namespace Runa.Session

open System
open Microsoft.Extensions.Primitives

/// How a request came that looks at a session.
[<Struct; NoComparison; NoEquality>]
type internal Arrival =
    {
        /// When it came.
        At: DateTimeOffset
        /// Its raw Cookie header.
        Cookies: StringValues
        /// Whether its response may set a cookie that the browser then keeps: not if it has started, and not for a prefetch.
        MaySetCookie: bool
        /// Whether the request only peeks at the session, which writes nothing.
        IsPeek: bool
        /// Whether the request has found the session to be its own before. Then it stays so: a stream may load it again hours
        /// later, when its bound cookie has ended.
        IsKnown: bool
    }

/// What the session is for a request that has arrived, and the cookie of a rotation, if it made one.
[<Struct; NoComparison; NoEquality>]
type internal Arrived = { Found: Snapshot; Cookie: CookieChange }
