namespace Runa.Session

open System

/// What a response does with a session's cookie. `held` is the number of the last piece that the browser may hold of a
/// cookie in pieces; 0: none.
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
