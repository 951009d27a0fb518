namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Diagnostics.CodeAnalysis
open System.Text.Json
open System.Text.Json.Serialization
open Microsoft.FSharp.Reflection

/// Writes and reads a union without fields as the name of its case, as a value and as the key of a map.
[<UnconditionalSuppressMessage("Trimming", "IL2087", Justification = FSharpTypes.Marked)>]
[<Sealed>]
type internal CaseNameConverter<'T>() =
    inherit JsonConverter<'T>()

    static let cases = FSharpType.GetUnionCases(typeof<'T>, true)
    static let names = cases |> Array.map _.Name
    static let values = cases |> Array.map (fun case -> FSharpValue.MakeUnion(case, [||], true) |> unbox<'T>)
    static let tag = FSharpValue.PreComputeUnionTagReader(typeof<'T>, true)

    let ofName (name: string | null) =
        match names |> Array.tryFindIndex (fun case -> String.Equals(case, name)) with
        | Some index -> values[index]
        | None -> raise (JsonException $"not a case of {TypeNames.display typeof<'T>}")

    override _.HandleNull = true

    override _.Read(reader, _, _) =
        if reader.TokenType <> JsonTokenType.String then
            raise (JsonException $"the name of a case of {TypeNames.display typeof<'T>} is a string")

        ofName (reader.GetString())

    override _.Write(writer, value, _) = writer.WriteStringValue names[tag (box value)]
    override _.ReadAsPropertyName(reader, _, _) = ofName (reader.GetString())
    override _.WriteAsPropertyName(writer, value, _) = writer.WritePropertyName names[tag (box value)]

/// Writes and reads unions without fields, and refuses unions with fields.
[<UnconditionalSuppressMessage("Trimming", "IL2055", Justification = FSharpTypes.Marked)>]
[<UnconditionalSuppressMessage("Trimming", "IL2067", Justification = FSharpTypes.Marked)>]
[<UnconditionalSuppressMessage("Trimming", "IL2072", Justification = FSharpTypes.Marked)>]
[<UnconditionalSuppressMessage("AOT", "IL3050", Justification = FSharpTypes.Marked)>]
[<Sealed>]
type internal UnionConverters() =
    inherit JsonConverterFactory()
    override _.CanConvert t = FSharpTypes.isUnion t

    override _.CreateConverter(t, _) =
        let withFields =
            FSharpType.GetUnionCases(t, true) |> Array.exists (fun case -> case.GetFields().Length > 0)

        if withFields then
            raise (UnsupportedType(t, "a union with fields"))

        match Activator.CreateInstance(typedefof<CaseNameConverter<_>>.MakeGenericType t) with
        | :? JsonConverter as converter -> converter
        | _ -> raise (UnsupportedType(t, "a union"))
