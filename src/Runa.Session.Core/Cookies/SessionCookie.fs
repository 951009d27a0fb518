namespace Runa.Session.Hosting

/// A cookie that a response sets or expires: its attributes, and one line for each piece.
[<NoComparison; NoEquality>]
type SessionCookie = { Cookie: SetCookie; Lines: CookieLine list }
