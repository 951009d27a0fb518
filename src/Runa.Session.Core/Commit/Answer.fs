namespace Runa.Session

/// What a commit did, and what the response does with the cookie. Homes give it, and the response uses it.
[<Struct; NoComparison; NoEquality>]
type internal Answer =
    {
        /// The session as it is now.
        Snapshot: Snapshot
        Cookie: CookieChange
        /// Whether more than a touch was written.
        IsWritten: bool
        /// Whether the step ended the session.
        IsEnd: bool
    }

/// How one attempt to commit ended.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Outcome =
    | Committed of Answer
    /// Another request was first: the record that it stored.
    | Conflict of SessionRecord
    /// The store holds no record any more.
    | Missing
    /// The stored record cannot be read.
    | Unreadable

module internal Answer =
    /// The answer if nothing was written, or a touch only.
    let unwritten (snapshot: Snapshot) : Answer =
        { Snapshot = snapshot; Cookie = CookieChange.None; IsWritten = false; IsEnd = false }

    let written (snapshot: Snapshot) (cookie: CookieChange) : Answer =
        { Snapshot = snapshot; Cookie = cookie; IsWritten = true; IsEnd = false }

    /// The answer if the step ended the session. `snapshot`: what is there now.
    let ended (snapshot: Snapshot) (cookie: CookieChange) : Answer = { written snapshot cookie with IsEnd = true }
