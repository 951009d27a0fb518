namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Diagnostics.CodeAnalysis
open System.Collections.Concurrent
open System.Collections.Generic
open System.Reflection
open System.Text.Json
open System.Text.Json.Serialization.Metadata
open FSharpTypes
open JsonMembers

/// Collections. System.Text.Json writes their items only, so a collection that holds anything else is refused.
[<UnconditionalSuppressMessage("Trimming", "IL2055", Justification = FSharpTypes.Marked)>]
[<UnconditionalSuppressMessage("Trimming", "IL2070", Justification = FSharpTypes.Marked)>]
[<UnconditionalSuppressMessage("Trimming", "IL2075", Justification = FSharpTypes.Marked)>]
[<UnconditionalSuppressMessage("AOT", "IL3050", Justification = FSharpTypes.Marked)>]
module internal JsonCollections =
    let private reversed =
        [ typedefof<Stack<_>>
          typedefof<ConcurrentStack<_>>
          typedefof<System.Collections.Immutable.ImmutableStack<_>> ]

    /// Whether the application may have written this collection class.
    let isOwn (t: Type) =
        not t.IsArray
        && not t.IsInterface
        && not (isFrameworks t)
        && t.Namespace <> "Microsoft.FSharp.Collections"

    let private isMore (property: PropertyInfo) =
        not (isNull (property.GetSetMethod()))
        && property.GetIndexParameters().Length = 0
        && property.Name <> "Capacity"
        && not (isIgnored property)

    /// The fields that a class adds to the framework's collection from which it derives. A class that derives from none
    /// may keep its items in its fields, so the list is empty.
    let private fieldsAdded (t: Type) : FieldInfo list =
        match hierarchy t |> List.partition isOwn with
        | _, [] -> []
        | own, _ ->
            [ for field in fields t do
                  if List.contains field.DeclaringType own && not (isIgnored field || JsonState.isEvent field) then
                      field ]

    let private moreOf (t: Type) : string | null =
        match properties t |> List.tryFind isMore, fieldsAdded t with
        | Some property, _ -> $"a collection with properties of its own ({property.Name}), which would be lost"
        | None, field :: _ -> $"a collection with state of its own ({field.Name}), which would be lost"
        | None, [] -> null

    let private defaultOf (definition: Type) (t: Type) : objnull =
        match definition.MakeGenericType(t).GetProperty("Default", BindingFlags.Static ||| BindingFlags.Public) with
        | null -> null
        | property -> property.GetValue null

    /// Whether a new set or dictionary would have this comparer, or an equivalent one.
    let private isDefault (comparerType: Type) (comparer: obj) =
        let t = comparerType.GetGenericArguments()[0]

        if isGeneric typedefof<IComparer<_>> comparerType then
            comparer.Equals(defaultOf typedefof<Comparer<_>> t)
        else
            comparer.Equals(defaultOf typedefof<EqualityComparer<_>> t)
            || comparer.Equals StringComparer.Ordinal

    /// One check for each comparer that collections of this type have. A check returns what is wrong with the comparer,
    /// or null.
    let private comparersOf (t: Type) : (obj -> string | null) list =
        [ for name in [ "Comparer"; "KeyComparer"; "ValueComparer" ] do
              match t.GetProperty(name, BindingFlags.Instance ||| BindingFlags.Public) with
              | null -> ()
              | property when property.PropertyType.IsGenericType ->
                  let mutable known: objnull = null

                  fun collection ->
                      match property.GetValue collection with
                      | null -> null
                      | comparer when Object.ReferenceEquals(comparer, known) -> null
                      | comparer when isDefault property.PropertyType comparer ->
                          known <- comparer
                          null
                      | _ -> "its comparer would be lost, and the default one come back"
              | _ -> () ]

    let private checks =
        ConcurrentDictionary<Type, struct (string | null * (objnull -> string | null) list)>()

    let private checksOf (t: Type) =
        checks.GetOrAdd(t, (fun t -> struct ((if isOwn t then moreOf t else null), comparersOf t)))

    /// Promise 17: checks what only a value can show: that its class is the declared one, and that its comparer is the
    /// default.
    let private checkValue (declared: Type) (collection: obj) =
        let t = collection.GetType()

        if t <> declared && not declared.IsInterface && not declared.IsArray then
            raise (UnsupportedType(t, $"stored as {TypeNames.display declared}, it would come back as one"))

        match checksOf t with
        | struct (null, []) -> ()
        | struct (null, comparers) ->
            for comparer in comparers do
                match comparer collection with
                | null -> ()
                | why -> raise (UnsupportedType(t, why))
        | struct (why, _) -> raise (UnsupportedType(t, why))

    /// Raises for a type of collection that would lose something. Where only a value can show a loss, each value is
    /// checked when it is written.
    let complete (info: JsonTypeInfo) =
        let t = info.Type

        if reversed |> List.exists (fun definition -> isGeneric definition t) then
            raise (UnsupportedType(t, "a stack, which comes back reversed"))

        match moreOf t with
        | null -> ()
        | why -> raise (UnsupportedType(t, why))

        if not t.IsArray && (t.IsInterface || not t.IsSealed || not (List.isEmpty (comparersOf t))) then
            info.OnSerializing <- checkValue t

    /// Raises for collections that System.Text.Json writes but cannot read (ReadOnlyCollection, FrozenSet,
    /// ArraySegment).
    let refuseUnreadable (info: JsonTypeInfo) =
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
                raise (UnsupportedType(info.Type, "a collection that can be written but not read"))
