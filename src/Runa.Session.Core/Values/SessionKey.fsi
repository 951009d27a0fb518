namespace Runa.Session

/// The name of one value of a session, and how it is stored. Make each key once, as a value of a module or a static field.
[<Sealed>]
type SessionKey<'T> =
    /// A key stored by Codec.json. Nothing is checked here: a name or a type that cannot be stored raises at the first use.
    new: name: string -> SessionKey<'T>

    /// A key stored by the codec given. Raises ArgumentNullException where that is null.
    new: name: string * codec: Codec<'T> -> SessionKey<'T>

    internal new: name: string * codec: Codec<'T> * isMadeByModule: bool -> SessionKey<'T>

    /// The name under which the value is stored.
    member Name: string

    /// The text to store. Raises NotSupportedException where the codec cannot hold the type, ArgumentException where it
    /// cannot write this value.
    member internal Encode: value: 'T -> string

    /// The value of a stored text; never raises for what is stored, NotSupportedException for the type as Encode.
    member internal Decode: text: string -> Result<'T, string>

    /// A copy of what can be changed in place.
    member internal Copy: value: 'T -> 'T

    /// Raises ArgumentException for a name that is null, empty or not valid Unicode, NotSupportedException for a type that cannot be stored.
    member internal Check: unit -> unit

/// Makes keys.
[<RequireQualifiedAccess>]
module SessionKey =
    /// A key stored by Codec.json: `let visits = SessionKey.create<int> "visits"`.
    val create<'T> : name: string -> SessionKey<'T>

    /// A key stored by the codec given.
    val withCodec: codec: Codec<'T> -> name: string -> SessionKey<'T>
