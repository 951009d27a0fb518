namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Collections.Generic
open System.Reflection
open System.Text.Json
open System.Text.Json.Serialization
open System.Text.Json.Serialization.Metadata
open Microsoft.FSharp.Reflection

/// A type that System.Text.Json would store with silent losses.
exception internal UnsupportedType of Type: Type * Why: string

/// Unions without fields, written as the case's name: as values and as keys of a map.
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
        | None -> raise (JsonException $"not a case of {typeof<'T>.Name}")

    override _.HandleNull = true

    override _.Read(reader, _, _) =
        if reader.TokenType <> JsonTokenType.String then
            raise (JsonException $"the name of a case of {typeof<'T>.Name} is a string")

        ofName (reader.GetString())

    override _.Write(writer, value, _) = writer.WriteStringValue names[tag (box value)]
    override _.ReadAsPropertyName(reader, _, _) = ofName (reader.GetString())
    override _.WriteAsPropertyName(writer, value, _) = writer.WritePropertyName names[tag (box value)]

/// What the library's own JSON options add to System.Text.Json for F# types, and what they refuse.
module internal JsonTypes =
    let private isGeneric (definition: Type) (t: Type) = t.IsGenericType && t.GetGenericTypeDefinition() = definition
    let private isOption t = isGeneric typedefof<_ option> t || isGeneric typedefof<_ voption> t
    let private isList t = isGeneric typedefof<_ list> t
    let private isNullable t = isGeneric typedefof<Nullable<_>> t
    let private isRecord t = FSharpType.IsRecord(t, true)
    let private isUnion t = FSharpType.IsUnion(t, true) && not (isOption t) && not (isList t)

    /// Types of F# whose null is never a value of theirs.
    let private neverNull (t: Type) =
        not t.IsValueType
        && (isRecord t
            || isList t
            || FSharpType.IsTuple t
            || isGeneric typedefof<Map<_, _>> t
            || isGeneric typedefof<Set<_>> t)

    /// Writes and reads unions without fields; refuses the others.
    [<Sealed>]
    type private UnionConverters() =
        inherit JsonConverterFactory()
        override _.CanConvert t = isUnion t

        override _.CreateConverter(t, _) =
            let withFields =
                FSharpType.GetUnionCases(t, true) |> Array.exists (fun case -> case.GetFields().Length > 0)

            if withFields then
                raise (UnsupportedType(t, "a union with fields"))

            match Activator.CreateInstance(typedefof<CaseNameConverter<_>>.MakeGenericType t) with
            | :? JsonConverter as converter -> converter
            | _ -> raise (UnsupportedType(t, "a union"))

    let private reversed =
        [ typedefof<Stack<_>>
          typedefof<System.Collections.Concurrent.ConcurrentStack<_>>
          typedefof<System.Collections.Immutable.ImmutableStack<_>> ]

    /// Records: exactly the fields; those that cannot be absent are required and never null.
    let private completeRecord (info: JsonTypeInfo) =
        let context = NullabilityInfoContext()

        let fields =
            FSharpType.GetRecordFields(info.Type, true)
            |> Seq.map (fun field -> KeyValuePair(field.Name, field))
            |> Dictionary

        for index in info.Properties.Count - 1 .. -1 .. 0 do
            let property = info.Properties[index]

            let clrName =
                match property.AttributeProvider with
                | :? MemberInfo as m -> m.Name
                | _ -> property.Name

            match fields.TryGetValue clrName with
            | true, field ->
                fields.Remove clrName |> ignore

                let mayBeNull =
                    isOption field.PropertyType
                    || isNullable field.PropertyType
                    || context.Create(field).ReadState = NullabilityState.Nullable

                property.IsRequired <- not mayBeNull

                if not mayBeNull && not field.PropertyType.IsValueType && property.PropertyType <> typeof<unit> then
                    property.IsSetNullable <- false
                    property.IsGetNullable <- false
            | _ -> info.Properties.RemoveAt index

        if fields.Count > 0 then
            raise (UnsupportedType(info.Type, "a record whose fields are not all public"))

    /// Tuples are complete as well; System.Text.Json would put a null or a zero where one of a struct tuple is missing.
    let private completeTuple (info: JsonTypeInfo) =
        for property in info.Properties do
            if not (isNull property.Set) || not (isNull property.AssociatedParameter) then
                property.IsRequired <- true

                if neverNull property.PropertyType then
                    property.IsSetNullable <- false

    let private isBound (info: JsonTypeInfo) =
        info.Properties |> Seq.exists (fun p -> not (isNull p.Set) || not (isNull p.AssociatedParameter))

    let private hasState (t: Type) =
        t.GetFields(BindingFlags.Instance ||| BindingFlags.Public ||| BindingFlags.NonPublic).Length > 0

    let private isPolymorphic (info: JsonTypeInfo) = not (isNull info.PolymorphismOptions)

    let private refuseLosses (info: JsonTypeInfo) =
        let t = info.Type

        if t = typeof<obj> then
            raise (UnsupportedType(t, "its type would be forgotten"))

        if
            (isOption t || isNullable t)
            && (isOption (t.GetGenericArguments()[0])
                || isNullable (t.GetGenericArguments()[0])
                || t.GetGenericArguments()[0] = typeof<unit>)
        then
            raise (UnsupportedType(t, "an option of what can be null itself"))

        if reversed |> List.exists (fun definition -> isGeneric definition t) then
            raise (UnsupportedType(t, "a stack, which comes back reversed"))

        if info.Kind = JsonTypeInfoKind.Object && not (isRecord t) && not (isPolymorphic info) then
            if t.IsAbstract || t.IsInterface then
                raise (UnsupportedType(t, "an abstract type: what derives from it would be lost"))

            if info.Properties.Count > 0 && not (isBound info) then
                raise (UnsupportedType(t, "nothing in it can be set again"))

            if info.Properties.Count = 0 && hasState t && not (isOption t || isNullable t) then
                raise (UnsupportedType(t, "nothing in it is public"))

            if not t.IsSealed then
                // A value of a derived class would be cut down to this one.
                info.OnSerializing <-
                    fun value ->
                        if value.GetType() <> t then
                            raise (
                                UnsupportedType(
                                    value.GetType(),
                                    $"stored as its base {t.Name}, it would lose what it adds"
                                )
                            )

    /// The options of Codec.json.
    let options: JsonSerializerOptions =
        let resolver = DefaultJsonTypeInfoResolver()

        resolver.Modifiers.Add(fun info ->
            refuseLosses info

            if info.Kind = JsonTypeInfoKind.Object then
                if isRecord info.Type then
                    completeRecord info
                elif FSharpType.IsTuple info.Type then
                    completeTuple info)

        let options =
            JsonSerializerOptions(
                AllowDuplicateProperties = false,
                NumberHandling = JsonNumberHandling.Strict,
                IncludeFields = true,
                RespectNullableAnnotations = true,
                // Without it, a required property that is set by the constructor is refused.
                RespectRequiredConstructorParameters = true,
                Encoder = JsonText.encoder,
                TypeInfoResolver = resolver
            )

        options.Converters.Add(UnionConverters())
        JsonStrings.converters |> List.iter options.Converters.Add
        options.MakeReadOnly()
        options

    /// "a union with fields" and the like for the first type in the way, looked for through everything that 'T holds.
    let refusal (t: Type) : string | null =
        let rec find (e: exn | null) =
            match e with
            | null -> null
            | UnsupportedType(t, why) -> $"System.Text.Json cannot store {t.Name} ({why})"
            | :? NotSupportedException as e when isNull e.InnerException ->
                $"System.Text.Json cannot store {t.Name} ({e.Message})"
            | e -> find e.InnerException

        try
            // Properties are resolved when the type is first used, so the whole graph is looked at here.
            let seen = HashSet<Type>()

            let rec look (t: Type) =
                if seen.Add t then
                    let info = options.GetTypeInfo t
                    info.MakeReadOnly()

                    for property in info.Properties do
                        look property.PropertyType

                    info.ElementType |> Option.ofObj |> Option.iter look
                    info.KeyType |> Option.ofObj |> Option.iter lookAtKey

                    if isOption t || isNullable t then
                        look (t.GetGenericArguments()[0])

            and lookAtKey (t: Type) =
                look t

                if options.GetTypeInfo(t).Kind <> JsonTypeInfoKind.None then
                    raise (UnsupportedType(t, "no text that could be the key of a map"))

            look t
            null
        with e ->
            match find e with
            | null -> $"System.Text.Json cannot store {t.Name} ({e.GetType().Name}: {e.Message})"
            | why -> why

    /// Whether JSON null, read as this type, is an error.
    let refusesNull (t: Type) = neverNull t
