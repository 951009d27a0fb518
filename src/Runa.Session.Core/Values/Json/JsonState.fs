namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Diagnostics.CodeAnalysis
open System.Reflection
open System.Text.Json.Serialization
open System.Text.Json.Serialization.Metadata
open FSharpTypes
open JsonMembers

/// Promise 17: finds fields of a class that no stored member represents. They would be lost.
[<UnconditionalSuppressMessage("Trimming", "IL2075", Justification = FSharpTypes.Marked)>]
module internal JsonState =
    /// Whether the field holds event subscriptions, which are no state of the value: the field behind a C# event, or an
    /// F# Event.
    let isEvent (field: FieldInfo) =
        let byName =
            match field.DeclaringType with
            | null -> null
            | t ->
                t.GetEvent(
                    field.Name,
                    BindingFlags.Instance
                    ||| BindingFlags.Public
                    ||| BindingFlags.NonPublic
                    ||| BindingFlags.DeclaredOnly
                )

        not (isNull byName)
        || (field.FieldType.Namespace = "Microsoft.FSharp.Control"
            && field.FieldType.Name.Contains("Event`", StringComparison.Ordinal))

    /// Whether the F# compiler added the field, to a class that names itself (`as this`).
    let private isCompilers (field: FieldInfo) =
        field.Name.StartsWith("init@", StringComparison.Ordinal)
        || (isGeneric typedefof<Ref<_>> field.FieldType
            && field.FieldType.GetGenericArguments()[0] = field.DeclaringType)

    /// Whether the field is there to lock on. For an `object` this is checked again with each value that is written.
    let isLock (field: FieldInfo) =
        field.FieldType = typeof<System.Threading.Lock>
        || (field.FieldType = typeof<obj> && field.IsInitOnly && field.IsPrivate)

    let private definition (property: PropertyInfo) : MethodInfo | null =
        match property.GetGetMethod true with
        | null -> null
        | getter -> getter.GetBaseDefinition()

    /// Whether the field belongs to a base class's property that is overridden, so that nobody reads it.
    let private isOverridden (all: PropertyInfo list) (field: FieldInfo) =
        all
        |> List.exists (fun property ->
            match storeOf property, definition property with
            | null, _
            | _, null -> false
            | store, first ->
                MethodCode.isSame store field
                && all
                   |> List.exists (fun other ->
                       other.DeclaringType <> property.DeclaringType
                       && other.DeclaringType.IsSubclassOf property.DeclaringType
                       && definition other = first))

    let private why (all: PropertyInfo list) (field: FieldInfo) : string =
        let isShown (property: PropertyInfo) =
            not (isNull (property.GetGetMethod()))
            && isNull (property.GetSetMethod true)
            && property.GetIndexParameters().Length = 0
            && fieldsRead property |> List.exists (MethodCode.isSame field)

        let own =
            all
            |> List.tryFind (fun property ->
                match storeOf property with
                | null -> false
                | store -> MethodCode.isSame store field)

        let shown = all |> List.filter isShown

        match own, shown |> List.tryFind (fun property -> isLike property field), shown with
        | Some property, _, _ when isNull (property.GetGetMethod()) ->
            $"its property {property.Name} is not public, and what it holds would be lost ([JsonInclude] stores it, [JsonIgnore] says that it may be lost)"
        | Some property, _, _ when not (isNull (property.GetSetMethod())) ->
            $"its property {property.Name} is hidden by another of its name, and what it holds would be lost"
        | Some property, _, _ -> $"its property {property.Name} cannot be set, and what it holds would be lost"
        | None, Some property, _
        | None, None, property :: _ ->
            $"its property {property.Name} cannot be set, and what {field.Name} holds would be lost"
        | None, None, [] ->
            $"what its field {field.Name} holds would be lost, as no property that can be set stands for it ([JsonIgnore] on it says that it may be)"

    /// Whether the property can be trusted to hold its field. A property of a framework class is trusted only if its
    /// getter just returns the field.
    let private isBelieved (property: JsonPropertyInfo) =
        match property.AttributeProvider with
        | :? PropertyInfo as clr when not (isNull clr.DeclaringType) && isFrameworks clr.DeclaringType ->
            PlainCode.fieldRead clr |> ValueOption.isSome
        | _ -> true

    /// Raises for the first field that no stored member represents. Returns the fields of type `object` that are there
    /// to lock on.
    let refuseUnstored (info: JsonTypeInfo) : FieldInfo list =
        let t = info.Type
        let all = properties t

        let stored =
            info.Properties
            |> Seq.filter (fun property -> isStored info property && isBelieved property)
            |> Seq.collect (fieldsStored info)
            |> Seq.toList

        let ignored = all |> List.filter isIgnored |> List.collect fieldsIgnored
        let isKnown field = stored @ ignored |> List.exists (MethodCode.isSame field)

        let left =
            fields t
            |> List.filter (fun field ->
                not (isKnown field || isIgnored field || isEvent field || isCompilers field || isOverridden all field))

        match left |> List.tryFind (fun field -> not (isLock field)) with
        | Some field -> raise (UnsupportedType(t, why all field))
        | None -> left |> List.filter (fun field -> field.FieldType = typeof<obj>)

    /// Whether the class's own code cannot change a value on its way: properties return what they are set to, and the
    /// constructor only puts its arguments into their fields.
    let isPlain (info: JsonTypeInfo) : bool =
        let stored = info.Properties |> Seq.filter (isStored info) |> Seq.toList

        let isPlainMember (property: JsonPropertyInfo) =
            isNull property.CustomConverter
            && not property.NumberHandling.HasValue
            && not property.IsExtensionData
            && not (isFilled info property)
            && (match property.AttributeProvider with
                | :? PropertyInfo as clr ->
                    not (isSometimesIgnored clr)
                    && PlainCode.fieldRead clr |> ValueOption.isSome
                    && (not (isNull property.AssociatedParameter)
                        || isNull (clr.GetSetMethod true)
                        || PlainCode.setsWhatItReads clr)
                | :? FieldInfo as field -> not (isSometimesIgnored field)
                | _ -> false)

        let isPlainConstructor () =
            if not (isNull info.CreateObject) then
                true
            else
                match info.ConstructorAttributeProvider with
                | :? ConstructorInfo as constructor ->
                    let bound =
                        [ for property in stored do
                              match property.AssociatedParameter, property.AttributeProvider with
                              | null, _ -> ()
                              | parameter, (:? FieldInfo as field) -> struct (parameter.Position, field)
                              | parameter, (:? PropertyInfo as clr) ->
                                  match PlainCode.fieldRead clr with
                                  | ValueSome field -> struct (parameter.Position, field)
                                  | ValueNone -> ()
                              | _ -> () ]

                    PlainCode.putsInto constructor bound
                | _ -> false

        let hasCallbacks =
            [ typeof<IJsonOnSerializing>
              typeof<IJsonOnSerialized>
              typeof<IJsonOnDeserializing>
              typeof<IJsonOnDeserialized> ]
            |> List.exists (fun callback -> callback.IsAssignableFrom info.Type)

        not info.NumberHandling.HasValue
        && not hasCallbacks
        && stored |> List.forall isPlainMember
        && isPlainConstructor ()
