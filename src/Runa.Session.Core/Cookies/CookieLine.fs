namespace Runa.Session.Hosting

open System

/// One cookie of a response, without its attributes. Without a value it expires the cookie.
[<Struct; NoComparison; NoEquality; StructuredFormatDisplay("{Display}")>]
type CookieLine =
    {
        Name: string
        Value: string voption
        /// How long the cookie lasts.
        MaxAge: TimeSpan
    }

    member internal line.Display = $"Cookie \"{line.Name}\""

    /// Promise 5: the value is not printed.
    override line.ToString() = line.Display
