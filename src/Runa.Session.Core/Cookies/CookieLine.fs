namespace Runa.Session.Hosting

open System

/// One cookie of a response, without its attributes. Without a value it expires the cookie.
[<Struct; NoComparison; NoEquality; StructuredFormatDisplay("{Display}")>]
type CookieLine =
    {
        /// The name of the cookie or, of a cookie in pieces, of this piece.
        Name: string
        /// The text of the cookie. ValueNone: the response expires it.
        Value: string voption
        /// How long the cookie lasts.
        MaxAge: TimeSpan
    }

    member internal line.Display = $"Cookie \"{line.Name}\""

    /// Promise 5: the value is not printed.
    override line.ToString() = line.Display
