namespace Runa.Session

/// What was committed, and what the browser is told: one answer, from a home to the response.
[<Struct; NoComparison; NoEquality>]
type internal Answer =
    {
        /// What stands now.
        Snapshot: Snapshot
        Cookie: CookieChange
        /// More than a touch reached the store.
        IsWritten: bool
    }

/// How one attempt to commit ended.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Outcome =
    | Committed of Answer
    /// Another request got there first: what it left.
    | Conflict of SessionRecord
    /// Nothing is there any more.
    | Missing
    /// What is there cannot be read.
    | Unreadable

module internal Answer =
    /// Nothing reached the store, but perhaps a touch.
    let unwritten (snapshot: Snapshot) : Answer = { Snapshot = snapshot; Cookie = CookieChange.None; IsWritten = false }

    let written (snapshot: Snapshot) (cookie: CookieChange) : Answer =
        { Snapshot = snapshot; Cookie = cookie; IsWritten = true }
