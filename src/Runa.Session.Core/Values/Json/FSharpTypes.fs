namespace Runa.Session

open System
open System.Diagnostics.CodeAnalysis
open Microsoft.FSharp.Reflection

/// A type that System.Text.Json would store incompletely, without an error.
exception internal UnsupportedType of Type: Type * Why: string

/// A value that would not come back as it is. `Why` also says what to do.
exception internal LostValue of Why: string

/// Tells F#'s kinds of types apart, by the attribute that F# puts on them. Trimming keeps it.
[<UnconditionalSuppressMessage("Trimming", "IL2067", Justification = "Only an attribute of the type is read.")>]
module internal FSharpTypes =
    /// Why trimming need not be warned of reflection.
    [<Literal>]
    let Marked =
        "What leads here, Codec.json and keys without a codec, is marked by RequiresUnreferencedCode."

    let isGeneric (definition: Type) (t: Type) = t.IsGenericType && t.GetGenericTypeDefinition() = definition
    let isOption t = isGeneric typedefof<_ option> t || isGeneric typedefof<_ voption> t
    let isList t = isGeneric typedefof<_ list> t
    let isNullable t = isGeneric typedefof<Nullable<_>> t
    let isRecord t = FSharpType.IsRecord(t, true)
    let isUnion t = FSharpType.IsUnion(t, true) && not (isOption t) && not (isList t)

    /// Types in which null is a value: null is the None of an option and the only value of unit.
    let nullIsValue (t: Type) = isGeneric typedefof<_ option> t || t = typeof<unit>

    /// F# types in which null is never a value.
    let neverNull (t: Type) =
        not t.IsValueType
        && (isRecord t
            || isList t
            || FSharpType.IsTuple t
            || isGeneric typedefof<Map<_, _>> t
            || isGeneric typedefof<Set<_>> t)
