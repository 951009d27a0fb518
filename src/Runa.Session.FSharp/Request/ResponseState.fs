namespace Runa.Session

/// What has happened to the sessions of a request so far.
type internal Stage =
    | Untouched = 0
    /// The sessions will be called when the response starts.
    | Listening = 1
    /// A session was looked at.
    | LookedAt = 2

/// What was done to the response of a request so far.
[<Struct; NoComparison; NoEquality>]
type internal ResponseState =
    val mutable Stage: Stage
    /// The body that commits before the first byte. Null: the response has its own.
    val mutable Body: CommittingBody
