namespace Runa.Session

open System

/// Where a session stands: a genuine token and the store key it leads to; for a session that lives in its cookie, neither.
[<Struct; NoComparison; NoEquality; StructuredFormatDisplay("{Display}")>]
type internal Place =
    {
        Key: StoreKey
        /// A slice of the Cookie header: it is only copied when the cookie is sent again.
        Token: ReadOnlyMemory<char>
        /// Where the session lives in its cookie: the number of the last piece that the browser may hold.
        Pieces: int
    }

    member _.Display = "Place"

    /// Promise 5: the token is not printed.
    override place.ToString() = place.Display
