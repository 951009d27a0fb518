namespace Runa.Session

open System

/// What a response says to the browser about a session's cookie. `held`: the number of the last piece that the browser may
/// hold of it, where it came in pieces; 0: none.
[<RequireQualifiedAccess; NoComparison; NoEquality; StructuredFormatDisplay("{Display}")>]
type internal CookieChange =
    | None
    | Set of value: ReadOnlyMemory<char> * until: DateTimeOffset * held: int
    | Expire of held: int

    member change.Display =
        match change with
        | None -> "None"
        | Set _ -> "Set"
        | Expire _ -> "Expire"

    /// Promise 5: the token is not printed.
    override change.ToString() = change.Display

/// One cookie of a response, without its attributes. Without a value it takes that cookie back.
[<Struct; NoComparison; NoEquality>]
type internal CookieLine = { Name: string; Value: string voption; MaxAge: TimeSpan }
