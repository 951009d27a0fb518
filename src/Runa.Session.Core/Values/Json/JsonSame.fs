namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Diagnostics.CodeAnalysis
open System.Collections
open System.Collections.Generic
open System.Reflection
open System.Text.Json
open System.Text.Json.Nodes
open System.Text.Json.Serialization.Metadata
open FSharpTypes
open JsonMembers

/// Compares a stored value with what is read back. Most classes have no equality, so this compares what the values
/// hold.
[<UnconditionalSuppressMessage("Trimming", "IL2070", Justification = FSharpTypes.Marked)>]
[<UnconditionalSuppressMessage("Trimming", "IL2075", Justification = FSharpTypes.Marked)>]
module internal JsonSame =
    [<Struct; CustomEquality; NoComparison>]
    type private Pair =
        { A: obj
          B: obj }

        override pair.Equals(other: objnull) =
            match other with
            | :? Pair as other -> Object.ReferenceEquals(pair.A, other.A) && Object.ReferenceEquals(pair.B, other.B)
            | _ -> false

        override pair.GetHashCode() = Runtime.CompilerServices.RuntimeHelpers.GetHashCode pair.A

    let private isLazy (items: IEnumerable) =
        not (items :? ICollection)
        && items.GetType().GetInterfaces()
           |> Array.forall (fun face ->
               not (isGeneric typedefof<ICollection<_>> face || isGeneric typedefof<IReadOnlyCollection<_>> face))

    let private propertyOf (name: string) (value: obj) : objnull =
        match value.GetType().GetProperty name with
        | null -> null
        | property -> property.GetValue value

    let private hasEquality (t: Type) =
        match t.GetMethod("Equals", [| typeof<obj> |]) with
        | null -> false
        | equals -> equals.DeclaringType <> typeof<obj> && not (typeof<Delegate>.IsAssignableFrom t)

    let private isMemory (t: Type) = isGeneric typedefof<Memory<_>> t || isGeneric typedefof<ReadOnlyMemory<_>> t

    let private ignoresCase (node: JsonNode) = node.Options.HasValue && node.Options.Value.PropertyNameCaseInsensitive

    /// Whether a collection's private field only counts changes or points into the collection: it is a number.
    let private isCounter (t: Type) = t.IsPrimitive && t <> typeof<bool> && t <> typeof<char>

    /// The path to the first difference, such as ".Lines[].Note"; null: there is none. Keys of maps are values, so the
    /// path leaves them out (promise 5).
    let difference (options: JsonSerializerOptions) (stored: objnull) (read: objnull) : string | null =
        let seen = HashSet<Pair>()

        let infoOf (t: Type) =
            try
                Some(options.GetTypeInfo t)
            with _ ->
                None

        let rec compare (way: string) (a: objnull) (b: objnull) : string | null =
            match a, b with
            | null, null -> null
            | null, _
            | _, null -> way
            | a, b when Object.ReferenceEquals(a, b) -> null
            | a, b when a.GetType().IsValueType -> values way a b
            | a, b ->
                let pair = { A = a; B = b }

                // A pair that is being compared further up is not compared again.
                if seen.Add pair then
                    let different = values way a b
                    seen.Remove pair |> ignore
                    different
                else
                    null

        and when' (way: string) (isSame: bool) : string | null = if isSame then null else way

        and values (way: string) (a: obj) (b: obj) : string | null =
            match a, b with
            | (:? string as a), (:? string as b) -> when' way (String.Equals(a, b))
            | (:? (byte[]) as a), (:? (byte[]) as b) -> when' way (a.AsSpan().SequenceEqual(ReadOnlySpan b))
            | (:? DateTime as a), (:? DateTime as b) -> when' way (a.Ticks = b.Ticks && a.Kind = b.Kind)
            | (:? DateTimeOffset as a), (:? DateTimeOffset as b) -> when' way (a.EqualsExact b)
            | (:? JsonElement as a), (:? JsonElement as b) -> when' way (JsonElement.DeepEquals(a, b))
            | (:? JsonDocument as a), (:? JsonDocument as b) ->
                when' way (JsonElement.DeepEquals(a.RootElement, b.RootElement))
            | (:? JsonNode as a), (:? JsonNode as b) -> when' way (JsonNode.DeepEquals(a, b) && not (ignoresCase a))
            | (:? IEnumerable as a), (:? IEnumerable as b) -> collections way a b
            | a, b ->
                let t = a.GetType()

                if isMemory t then
                    arrays way a b
                elif t <> b.GetType() then
                    way
                elif isOption t then
                    optionals way a b
                else
                    match infoOf t with
                    | Some info when info.Kind = JsonTypeInfoKind.Object -> objects way info a b
                    | _ -> opaque way t a b

        and optionals way a b =
            match propertyOf "Tag" a, propertyOf "Tag" b with
            | (:? int as a), (:? int as b) when a <> b -> way
            | (:? int as tag), _ when tag = 0 -> null
            | _ -> compare way (propertyOf "Value" a) (propertyOf "Value" b)

        and arrays way a b =
            let items (memory: obj) =
                match memory.GetType().GetMethod("ToArray", Type.EmptyTypes) with
                | null -> null
                | method -> method.Invoke(memory, null)

            compare way (items a) (items b)

        /// Compares all stored members.
        and objects way info a b =
            info.Properties
            |> Seq.filter (isStored info)
            |> Seq.tryPick (fun property ->
                let a, b = property.Get.Invoke a, property.Get.Invoke b
                let isEmpty (value: objnull) =
                    match value with
                    | null -> true
                    | :? IEnumerable as items -> Seq.isEmpty (Seq.cast<obj> items)
                    | _ -> false

                if property.IsExtensionData && isEmpty a && isEmpty b then
                    None
                else
                    Option.ofObj (compare $"{way}.{property.Name}" a b))
            |> Option.toObj

        /// Compares what a converter of the application writes: by the type's own equality, otherwise field by field.
        and opaque way t a b =
            if a.Equals b then
                null
            elif isFrameworks t || typeof<Delegate>.IsAssignableFrom t || isGeneric typedefof<_ -> _> t then
                // A type without equality comes from a converter of the application, which answers for it.
                when' way (not (hasEquality t))
            else
                fieldsOf way t (fun _ -> true) a b

        and fieldsOf way t (matters: FieldInfo -> bool) a b =
            fields t
            |> List.filter (fun field -> not (isIgnored field || JsonState.isEvent field) && matters field)
            |> List.tryPick (fun field ->
                Option.ofObj (compare $"{way}.{field.Name}" (field.GetValue a) (field.GetValue b)))
            |> Option.toObj

        and collections way (a: IEnumerable) (b: IEnumerable) : string | null =
            if isLazy a then
                // A lazy sequence may yield something else the second time, so it is not compared.
                null
            else
                let itemsA = Seq.cast<obj> a |> Seq.toArray
                let itemsB = Seq.cast<obj> b |> Seq.toArray
                let way = way + "[]"

                if itemsA.Length <> itemsB.Length then
                    way
                else
                    let differing = Array.zip itemsA itemsB |> Array.tryPick (fun (a, b) -> Option.ofObj (item way a b))

                    match differing with
                    | Some _ when not (isSameInAnyOrder a itemsA itemsB) -> way
                    | _ when a.GetType() = b.GetType() && JsonCollections.isOwn (a.GetType()) -> own way a b
                    | _ -> null

        and item way (a: objnull) (b: objnull) : string | null =
            match a, b with
            | null, _
            | _, null -> compare way a b
            | a, b when isGeneric typedefof<KeyValuePair<_, _>> (a.GetType()) ->
                match compare way (propertyOf "Key" a) (propertyOf "Key" b) with
                | null -> compare way (propertyOf "Value" a) (propertyOf "Value" b)
                | different -> different
            | a, b -> compare way a b

        /// Sets and dictionaries may yield their items in another order.
        and isSameInAnyOrder (collection: IEnumerable) (a: obj[]) (b: obj[]) =
            let isUnordered =
                collection.GetType().GetInterfaces()
                |> Array.exists (fun face ->
                    isGeneric typedefof<IDictionary<_, _>> face
                    || isGeneric typedefof<IReadOnlyDictionary<_, _>> face
                    || isGeneric typedefof<ISet<_>> face
                    || isGeneric typedefof<IReadOnlySet<_>> face)

            isUnordered
            && (let left = List<obj> b

                a
                |> Array.forall (fun one ->
                    match left.FindIndex(fun other -> isNull (item "" one other)) with
                    | -1 -> false
                    | index ->
                        left.RemoveAt index
                        true))

        /// Compares what a collection of the application holds beside its items: simple public properties, and fields.
        and own way a b =
            let t = a.GetType()

            let shown =
                properties t
                |> List.filter (fun property ->
                    not (isNull (property.GetGetMethod()))
                    && property.GetIndexParameters().Length = 0
                    && not (isIgnored property)
                    && (property.PropertyType.IsPrimitive || property.PropertyType = typeof<string>))
                |> List.tryPick (fun property ->
                    Option.ofObj (compare $"{way}.{property.Name}" (property.GetValue a) (property.GetValue b)))

            match shown with
            | Some different -> different
            | None -> fieldsOf way t (fun field -> not (isCounter field.FieldType)) a b

        compare "" stored read
