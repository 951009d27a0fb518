namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Diagnostics.CodeAnalysis
open System.Collections.Concurrent
open System.Collections.Generic
open System.Reflection
open System.Text.Json
open System.Text.Json.Serialization
open System.Text.Json.Serialization.Metadata
open Microsoft.FSharp.Reflection
open FSharpTypes

/// What a codec knows about its type before it sees a value.
[<RequireQualifiedAccess>]
type internal Verdict =
    /// Something in the type would be lost.
    | Refused of why: string
    /// The code that writes and reads the type is known to lose nothing: it stores a value completely, or refuses it.
    | Proven
    /// The application's code takes part: converters, or properties and constructors that compute something.
    | Unproven
    /// The codec is the application's own.
    | Foreign

/// The library's own JSON options. They add F# types to System.Text.Json, and refuse types that would lose something.
[<UnconditionalSuppressMessage("Trimming", "IL2026", Justification = FSharpTypes.Marked)>]
[<UnconditionalSuppressMessage("Trimming", "IL2067", Justification = FSharpTypes.Marked)>]
[<UnconditionalSuppressMessage("Trimming", "IL2072", Justification = FSharpTypes.Marked)>]
[<UnconditionalSuppressMessage("Trimming", "IL2075", Justification = FSharpTypes.Marked)>]
[<UnconditionalSuppressMessage("AOT", "IL3050", Justification = FSharpTypes.Marked)>]
module internal JsonTypes =
    let private hasState (t: Type) =
        t.GetFields(BindingFlags.Instance ||| BindingFlags.Public ||| BindingFlags.NonPublic).Length > 0

    /// Whether a converter or JsonRecords creates the values of this type.
    let private isMadeElsewhere (t: Type) = isOption t || isNullable t || FSharpType.IsTuple t || t = typeof<unit>

    let private isPolymorphic (info: JsonTypeInfo) = not (isNull info.PolymorphismOptions)

    let private before (info: JsonTypeInfo) (check: obj -> unit) =
        match info.OnSerializing with
        | null -> info.OnSerializing <- check
        | own ->
            info.OnSerializing <-
                fun value ->
                    own.Invoke value
                    check value

    /// Raises for a value of a derived class: it would be cut down to this class.
    let private refuseDerived (info: JsonTypeInfo) =
        let t = info.Type

        if not t.IsSealed then
            before info (fun value ->
                if value.GetType() <> t then
                    raise (
                        UnsupportedType(
                            value.GetType(),
                            $"stored as its base {TypeNames.display t}, it would lose what it adds"
                        )
                    ))

    /// Promise 17: nothing that an object holds may be lost.
    let private completeObject (info: JsonTypeInfo) =
        JsonObjects.refuseUnmakeable info
        JsonObjects.completeObject info

        if not info.Type.IsAbstract then
            for field in JsonState.refuseUnstored info do
                before info (fun value ->
                    match field.GetValue value with
                    | null -> ()
                    | held when held.GetType() = typeof<obj> -> ()
                    | _ -> raise (UnsupportedType(info.Type, $"what its field {field.Name} holds would be lost")))

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

        JsonObjects.refuseUnwritable info

        if info.Kind = JsonTypeInfoKind.Enumerable || info.Kind = JsonTypeInfoKind.Dictionary then
            JsonCollections.complete info

        if info.Kind = JsonTypeInfoKind.Object && isPolymorphic info then
            JsonObjects.refuseUnmarked info
            completeObject info
            // A hierarchy may fall back to its base class for classes that it does not name.
            refuseDerived info

        if info.Kind = JsonTypeInfoKind.Object && not (isRecord t) && not (isPolymorphic info) then
            if t.IsAbstract || t.IsInterface then
                raise (UnsupportedType(t, "an abstract type: what derives from it would be lost"))

            if info.Properties.Count = 0 && hasState t && not (isMadeElsewhere t) then
                raise (UnsupportedType(t, "it has no public property or field"))

            JsonObjects.refuseBuffers t

            if not (isMadeElsewhere t) then
                completeObject info

            if info.Properties.Count > 0 && not (info.Properties |> Seq.exists (JsonMembers.isStored info)) then
                raise (UnsupportedType(t, "no property or field of it can be set"))

            refuseDerived info

    let private reflecting () = DefaultJsonTypeInfoResolver()

    /// The options of Codec.json.
    let options: JsonSerializerOptions =
        let resolver = reflecting ()

        resolver.Modifiers.Add(fun info ->
            refuseLosses info

            if info.Kind = JsonTypeInfoKind.Object then
                if isRecord info.Type then
                    JsonRecords.completeRecord info
                elif FSharpType.IsTuple info.Type then
                    JsonRecords.completeTuple info

                JsonObjects.completeProperties info)

        let options =
            JsonSerializerOptions(
                AllowDuplicateProperties = false,
                NumberHandling = JsonNumberHandling.Strict,
                IncludeFields = true,
                RespectNullableAnnotations = true,
                // Without this, System.Text.Json refuses a required property that the constructor sets.
                RespectRequiredConstructorParameters = true,
                Encoder = JsonText.encoder,
                TypeInfoResolver = resolver
            )

        options.Converters.Add(UnionConverters())
        options.Converters.Add(JsonOptionals.Converters())
        JsonStrings.converters @ JsonScalars.converters |> List.iter options.Converters.Add
        options.MakeReadOnly()
        options

    /// Whether a converter of the application, which may write anything, writes the type.
    let private isForeign (info: JsonTypeInfo) =
        let library = info.Converter.GetType().Assembly
        library <> typeof<JsonSerializer>.Assembly && library <> typeof<UnionConverters>.Assembly

    let private isDocument (t: Type) =
        t = typeof<JsonElement> || t = typeof<JsonDocument> || typeof<Nodes.JsonNode>.IsAssignableFrom t

    /// Whether all values of the type come back if one does: no code of the application takes part, and the library's
    /// converters see every text in it.
    let private isProven (info: JsonTypeInfo) =
        match info.Kind with
        | JsonTypeInfoKind.Object -> isMadeElsewhere info.Type || info.Type.IsAbstract || JsonState.isPlain info
        | JsonTypeInfoKind.None -> not (isForeign info || isDocument info.Type)
        | _ -> not (isForeign info || JsonCollections.isOwn info.Type)

    /// The type and all types that it holds, each once.
    let private graph (t: Type) : JsonTypeInfo list =
        let seen = HashSet<Type>()

        let rec look (isKey: bool) (t: Type) : JsonTypeInfo list =
            let info = options.GetTypeInfo t
            info.MakeReadOnly()

            if isKey && info.Kind <> JsonTypeInfoKind.None then
                raise (UnsupportedType(t, "no text that could be a key of a dictionary or map"))

            if not (seen.Add t) then
                []
            else
                [ info
                  for property in info.Properties do
                      if not (isNull property.Get && isNull property.Set) then
                          yield! look false property.PropertyType

                  yield! info.ElementType |> Option.ofObj |> Option.map (look false) |> Option.defaultValue []
                  yield! info.KeyType |> Option.ofObj |> Option.map (look true) |> Option.defaultValue []

                  match info.PolymorphismOptions with
                  | null -> ()
                  | options ->
                      for derived in options.DerivedTypes do
                          yield! look false derived.DerivedType

                  if isOption t || isNullable t then
                      yield! look false (t.GetGenericArguments()[0]) ]

        look false t

    let private lookAt (whole: Type) : Verdict =
        let rec find (e: exn | null) =
            match e with
            | null -> null
            | UnsupportedType(t, why) -> TypeNames.cannotStore whole t why
            | :? NotSupportedException as e when isNull e.InnerException -> TypeNames.cannotStore whole whole e.Message
            | e -> find e.InnerException

        try
            let all = graph whole
            all |> List.iter JsonCollections.refuseUnreadable
            if all |> List.forall isProven then Verdict.Proven else Verdict.Unproven
        with e ->
            match find e with
            | null -> Verdict.Refused(TypeNames.cannotStore whole whole $"{e.GetType().Name}: {e.Message}")
            | why -> Verdict.Refused why

    let private verdicts = ConcurrentDictionary<Type, Verdict>()

    /// What is known about a type before any value of it.
    let verdict (t: Type) : Verdict = verdicts.GetOrAdd(t, lookAt)
