namespace Runa.Session

open System

/// Where a session was found: its genuine token and the store key. A session that lives in its cookie has neither.
[<Struct; NoComparison; NoEquality; StructuredFormatDisplay("{Display}")>]
type internal Place =
    {
        Key: StoreKey
        /// A slice of the Cookie header. It is copied only if the cookie is sent again.
        Token: ReadOnlyMemory<char>
        /// For a session that lives in its cookie: the number of the last piece that the browser may hold.
        Pieces: int
    }

    member _.Display = "Place"

    /// Promise 5: the token is not printed.
    override place.ToString() = place.Display
