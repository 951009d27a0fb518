namespace Runa.Session

/// Where a session was found.
[<Struct; NoComparison; NoEquality; StructuredFormatDisplay("{Display}")>]
type internal Place =
    {
        /// Null: the session lives in its cookie, or there is none.
        Token: GenuineToken
        /// For a session that lives in its cookie: the number of the last piece that the browser may hold.
        Pieces: int
    }

    /// The store key. It has no meaning without a token.
    member place.Key: StoreKey = if isNull place.Token then StoreKey() else place.Token.Key

    member _.Display = "Place"

    /// Promise 5: the token is not printed.
    override place.ToString() = place.Display
