namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Collections.Generic
open System.Reflection
open System.Text.Json
open System.Text.Json.Serialization
open System.Text.Json.Serialization.Metadata
open Microsoft.FSharp.Reflection
open FSharpTypes

/// The library's own JSON options: what they add to System.Text.Json for F# types, and what they refuse.
module internal JsonTypes =
    let private reversed =
        [ typedefof<Stack<_>>
          typedefof<System.Collections.Concurrent.ConcurrentStack<_>>
          typedefof<System.Collections.Immutable.ImmutableStack<_>> ]

    /// Written without a complaint, some collections (ReadOnlyCollection, FrozenSet, ArraySegment) cannot be made again.
    let private refuseUnreadable (info: JsonTypeInfo) =
        let empty =
            match info.Kind with
            | JsonTypeInfoKind.Enumerable -> "[]"
            | JsonTypeInfoKind.Dictionary -> "{}"
            | _ -> null

        match empty with
        | null -> ()
        | empty ->
            try
                JsonSerializer.Deserialize(empty, info) |> ignore
            with :? NotSupportedException ->
                raise (UnsupportedType(info.Type, "a collection that can be written and not read"))

    let private isBound (info: JsonTypeInfo) =
        info.Properties |> Seq.exists (fun p -> not (isNull p.Set) || not (isNull p.AssociatedParameter))

    let private hasState (t: Type) =
        t.GetFields(BindingFlags.Instance ||| BindingFlags.Public ||| BindingFlags.NonPublic).Length > 0

    /// Made by converters, or completed by JsonRecords.
    let private isMadeElsewhere (t: Type) = isOption t || isNullable t || FSharpType.IsTuple t || t = typeof<unit>

    let private isPolymorphic (info: JsonTypeInfo) = not (isNull info.PolymorphismOptions)

    /// A value of a derived class would be cut down to this one.
    let private refuseDerived (info: JsonTypeInfo) =
        let t = info.Type

        if not t.IsSealed then
            info.OnSerializing <-
                fun value ->
                    if value.GetType() <> t then
                        raise (
                            UnsupportedType(value.GetType(), $"stored as its base {t.Name}, it would lose what it adds")
                        )

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

        if info.Kind = JsonTypeInfoKind.Enumerable || info.Kind = JsonTypeInfoKind.Dictionary then
            JsonObjects.refuseCollectionWithMore info

        if info.Kind = JsonTypeInfoKind.Object && isPolymorphic info then
            JsonObjects.refuseUnmarked info
            JsonObjects.refuseUnmakeable info
            JsonObjects.completeObject info
            // Reached where a hierarchy falls back to its base for classes that it does not name.
            refuseDerived info

        if info.Kind = JsonTypeInfoKind.Object && not (isRecord t) && not (isPolymorphic info) then
            if t.IsAbstract || t.IsInterface then
                raise (UnsupportedType(t, "an abstract type: what derives from it would be lost"))

            if not (isMadeElsewhere t) then
                JsonObjects.refuseUnmakeable info
                JsonObjects.completeObject info

            if info.Properties.Count > 0 && not (isBound info) then
                raise (UnsupportedType(t, "nothing in it can be set again"))

            if info.Properties.Count = 0 && hasState t && not (isOption t || isNullable t) then
                raise (UnsupportedType(t, "nothing in it is public"))

            refuseDerived info

    /// The options of Codec.json.
    let options: JsonSerializerOptions =
        let resolver = DefaultJsonTypeInfoResolver()

        resolver.Modifiers.Add(fun info ->
            refuseLosses info

            if info.Kind = JsonTypeInfoKind.Object then
                if isRecord info.Type then
                    JsonRecords.completeRecord info
                elif FSharpType.IsTuple info.Type then
                    JsonRecords.completeTuple info)

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
                    refuseUnreadable info

                    match info.PolymorphismOptions with
                    | null -> ()
                    | options ->
                        for derived in options.DerivedTypes do
                            look derived.DerivedType

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
