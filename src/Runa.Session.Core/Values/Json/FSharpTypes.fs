namespace Runa.Session

open System
open Microsoft.FSharp.Reflection

/// A type that System.Text.Json would store with silent losses.
exception internal UnsupportedType of Type: Type * Why: string

/// A value that would not come back as it is: why, and what to do.
exception internal LostValue of Why: string

/// Which of F#'s kinds a type is.
module internal FSharpTypes =
    let isGeneric (definition: Type) (t: Type) = t.IsGenericType && t.GetGenericTypeDefinition() = definition
    let isOption t = isGeneric typedefof<_ option> t || isGeneric typedefof<_ voption> t
    let isList t = isGeneric typedefof<_ list> t
    let isNullable t = isGeneric typedefof<Nullable<_>> t
    let isRecord t = FSharpType.IsRecord(t, true)
    let isUnion t = FSharpType.IsUnion(t, true) && not (isOption t) && not (isList t)

    /// Types whose null is a value: None, and unit's only one.
    let nullIsValue (t: Type) = isGeneric typedefof<_ option> t || t = typeof<unit>

    /// Types of F# whose null is never a value of theirs.
    let neverNull (t: Type) =
        not t.IsValueType
        && (isRecord t
            || isList t
            || FSharpType.IsTuple t
            || isGeneric typedefof<Map<_, _>> t
            || isGeneric typedefof<Set<_>> t)
