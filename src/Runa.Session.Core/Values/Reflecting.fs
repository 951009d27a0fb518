namespace Runa.Session

/// What an application that is trimmed or compiled ahead of time is told about keys and codecs that use reflection.
module internal Reflecting =
    [<Literal>]
    let Json =
        "System.Text.Json by reflection needs types that trimming may remove. Give the key a codec of a JsonSerializerContext: in C# new SessionKey<T>(name, SessionCodec.Json(jsonTypeInfo)), in F# Codec.ofTypeInfo."

    [<Literal>]
    let Code =
        "System.Text.Json by reflection may need code that native AOT did not compile. Give the key a codec of a JsonSerializerContext: in C# new SessionKey<T>(name, SessionCodec.Json(jsonTypeInfo)), in F# Codec.ofTypeInfo."
