namespace Runa.Session

/// What stands under a store key.
[<Struct; RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Found =
    | Nothing
    | Record of SessionRecord
    /// Something that cannot be read.
    | Unreadable

/// How a replace ended.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Replacing =
    | Replaced
    | Conflict of SessionRecord
    | Missing
    /// What stands there cannot be read.
    | Unreadable
