namespace Runa

open System.Diagnostics.CodeAnalysis
open System.Text.Json
open Runa.Session

/// Names one value of a session and says how it is stored. Create each key once, as a value of a module or a static
/// field.
[<Sealed>]
type SessionKey<'T> =
    /// Creates a key whose value is stored by the application's JSON options, if it has any (SessionSetup.jsonOptions),
    /// and otherwise by Codec.json. Nothing is checked yet: a name or a type that cannot be stored raises at the first
    /// use.
    [<RequiresUnreferencedCode(Reflecting.Json); RequiresDynamicCode(Reflecting.Code)>]
    new: name: string -> SessionKey<'T>

    /// Creates a key whose value is stored by the given codec. Raises ArgumentNullException if the codec is null.
    new: name: string * codec: Codec<'T> -> SessionKey<'T>

    internal new:
        name: string * codec: Codec<'T> * ownJson: JsonSerializerOptions | null * hasCodec: bool * isMadeByModule: bool ->
            SessionKey<'T>

    /// The name under which the value is stored.
    member Name: string

    /// The same key, with a codec of these options if it has no codec of its own. The options have a resolver and are
    /// read-only. Null: the application has none.
    member internal Under: json: (JsonSerializerOptions | null) -> SessionKey<'T>

    /// The text to store. Raises NotSupportedException if the codec cannot store the type, and ArgumentException if it
    /// cannot store this value.
    member internal Encode: value: 'T -> string

    /// Reads a stored text. A text that cannot be read is an Error; like Encode, it raises NotSupportedException for
    /// the type.
    member internal Decode: text: string -> Result<'T, string>

    /// A copy of the value, if its type may be mutable.
    member internal Copy: value: 'T -> 'T

    /// Raises ArgumentException for a name that is null, empty or not valid Unicode, and NotSupportedException for a
    /// type that cannot be stored.
    member internal Check: unit -> unit

namespace Runa.Session

open System.Diagnostics.CodeAnalysis

/// Names one value of a session and says how it is stored. Create each key once, as a value of a module or a static
/// field.
type SessionKey<'T> = Runa.SessionKey<'T>

/// Functions that create keys.
[<RequireQualifiedAccess>]
module SessionKey =
    /// Creates a key whose value is stored by the application's JSON options, if it has any (SessionSetup.jsonOptions),
    /// and otherwise by Codec.json: `let visits = SessionKey.create<int> "visits"`.
    [<RequiresUnreferencedCode(Reflecting.Json); RequiresDynamicCode(Reflecting.Code)>]
    val create<'T> : name: string -> SessionKey<'T>

    /// Creates a key whose value is stored by the given codec.
    val withCodec: codec: Codec<'T> -> name: string -> SessionKey<'T>
