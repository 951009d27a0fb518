namespace Runa.Session

open System

/// What the response must say to the browser.
[<RequireQualifiedAccess; NoComparison; NoEquality; StructuredFormatDisplay("{Display}")>]
type internal CookieChange =
    | None
    | Set of token: ReadOnlyMemory<char> * until: DateTimeOffset
    | Expire
    /// Set-Cookie texts made with the commit, of a session that lives in its cookie: those for https, or for http.
    | Texts of (bool -> string list)

    member change.Display =
        match change with
        | None -> "None"
        | Set _ -> "Set"
        | Expire -> "Expire"
        | Texts _ -> "Texts"

    /// Promise 5: the token is not printed.
    override change.ToString() = change.Display

/// How one attempt to commit ended.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Outcome =
    /// What stands now, and what the browser is told.
    | Done of Loaded * CookieChange
    /// Another request got there first: what it left.
    | Conflict of SessionRecord
    /// Nothing is there any more.
    | Missing
    /// What is there cannot be read.
    | Unreadable
