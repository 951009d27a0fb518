namespace Runa.Session

open System

/// A genuine token and the store key it leads to; for a session that lives in its cookie, neither.
[<Struct; NoComparison; NoEquality; StructuredFormatDisplay("{Display}")>]
type internal StorePlace =
    {
        Key: StoreKey
        /// A slice of the Cookie header: it is only copied when the cookie is sent again.
        Token: ReadOnlyMemory<char>
        /// Where the session lives in its cookie: the number of the last piece that the browser may hold.
        Pieces: int
    }

    member _.Display = "StorePlace"

    /// Promise 5: the token is not printed.
    override place.ToString() = place.Display
