namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Diagnostics.CodeAnalysis
open System.Text.Json
open System.Text.Json.Serialization
open System.Text.Json.Serialization.Metadata

/// Options. None is stored as null, so a Some of null would come back as None: it is refused (promise 17).
[<UnconditionalSuppressMessage("Trimming", "IL2055", Justification = FSharpTypes.Marked)>]
[<UnconditionalSuppressMessage("Trimming", "IL2072", Justification = FSharpTypes.Marked)>]
[<UnconditionalSuppressMessage("AOT", "IL3050", Justification = FSharpTypes.Marked)>]
module internal JsonOptionals =
    /// Writes and reads what an option holds. The type is looked up at the first use, since a type may hold options of
    /// itself.
    [<Sealed>]
    type private Inner<'T>() =
        let mutable info: JsonTypeInfo<'T> | null = null
        let mutable direct: JsonConverter<'T> | null = null

        let find (options: JsonSerializerOptions) : JsonTypeInfo<'T> =
            match info with
            | null ->
                let found = options.GetTypeInfo typeof<'T> :?> JsonTypeInfo<'T>

                // A converter alone does not write the discriminator of a class hierarchy.
                match found.Converter with
                | :? JsonConverter<'T> as converter when isNull found.PolymorphismOptions -> direct <- converter
                | _ -> ()

                info <- found
                found
            | info -> info

        member _.Write(writer: Utf8JsonWriter, value: 'T, options: JsonSerializerOptions) =
            if isNull (box value) then
                raise (
                    LostValue
                        $"it holds a Some of null (an option of {TypeNames.display typeof<'T>}), which would come back as None (set None itself)"
                )

            let info = find options

            match direct with
            | null -> JsonSerializer.Serialize(writer, value, info)
            | converter -> converter.Write(writer, value, options)

        member _.Read(reader: byref<Utf8JsonReader>, options: JsonSerializerOptions) : 'T =
            let info = find options

            match direct with
            | null -> JsonSerializer.Deserialize(&reader, info)
            | converter -> converter.Read(&reader, typeof<'T>, options)

    [<Sealed>]
    type OptionConverter<'T>() =
        inherit JsonConverter<'T option>()
        let inner = Inner<'T>()

        override _.Read(reader, _, options) =
            if reader.TokenType = JsonTokenType.Null then
                None
            else
                Some(inner.Read(&reader, options))

        override _.Write(writer, value, options) =
            match value with
            | None -> writer.WriteNullValue()
            | Some value -> inner.Write(writer, value, options)

    [<Sealed>]
    type ValueOptionConverter<'T>() =
        inherit JsonConverter<'T voption>()
        let inner = Inner<'T>()

        override _.Read(reader, _, options) =
            if reader.TokenType = JsonTokenType.Null then
                ValueNone
            else
                ValueSome(inner.Read(&reader, options))

        override _.Write(writer, value, options) =
            match value with
            | ValueNone -> writer.WriteNullValue()
            | ValueSome value -> inner.Write(writer, value, options)

    [<Sealed>]
    type Converters() =
        inherit JsonConverterFactory()
        override _.CanConvert t = FSharpTypes.isOption t

        override _.CreateConverter(t, _) =
            let definition =
                if FSharpTypes.isGeneric typedefof<_ option> t then
                    typedefof<OptionConverter<_>>
                else
                    typedefof<ValueOptionConverter<_>>

            match Activator.CreateInstance(definition.MakeGenericType(t.GetGenericArguments())) with
            | :? JsonConverter as converter -> converter
            | _ -> raise (UnsupportedType(t, "an option"))
