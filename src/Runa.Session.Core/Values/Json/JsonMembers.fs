namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Diagnostics.CodeAnalysis
open System.Reflection
open System.Text.Json.Serialization
open System.Text.Json.Serialization.Metadata

/// The members of a class as System.Text.Json sees them, and the fields behind them.
[<UnconditionalSuppressMessage("Trimming", "IL2075", Justification = FSharpTypes.Marked)>]
module internal JsonMembers =
    let private declared =
        BindingFlags.Instance
        ||| BindingFlags.Public
        ||| BindingFlags.NonPublic
        ||| BindingFlags.DeclaredOnly

    let isFrameworks (t: Type) =
        match t.Namespace with
        | null -> false
        | space -> space = "System" || space.StartsWith("System.", StringComparison.Ordinal)

    /// The type and its base types, except Object and ValueType.
    let rec hierarchy (t: Type | null) : Type list =
        match t with
        | null -> []
        | t when t = typeof<obj> || t = typeof<ValueType> -> []
        | t -> t :: hierarchy t.BaseType

    let fields (t: Type) : FieldInfo list =
        [ for t in hierarchy t do
              yield! t.GetFields declared ]
    let properties (t: Type) : PropertyInfo list =
        [ for t in hierarchy t do
              yield! t.GetProperties declared ]

    let isSet (property: JsonPropertyInfo) = not (isNull property.Set) || not (isNull property.AssociatedParameter)

    /// Whether System.Text.Json adds to the property's existing object (JsonObjectCreationHandling.Populate) rather
    /// than set a new one.
    let isFilled (info: JsonTypeInfo) (property: JsonPropertyInfo) =
        let handling =
            if property.ObjectCreationHandling.HasValue then
                property.ObjectCreationHandling
            else
                info.PreferredPropertyObjectCreationHandling

        handling = Nullable JsonObjectCreationHandling.Populate

    /// Whether the property is both written and set again from the text.
    let isStored (info: JsonTypeInfo) (property: JsonPropertyInfo) =
        not (isNull property.Get) && (isSet property || isFilled info property)

    let private ignoring (m: MemberInfo) = m.GetCustomAttribute<JsonIgnoreAttribute> true

    /// Whether the application says that the member need not come back: by [JsonIgnore], or by [NonSerialized] on a
    /// field.
    let isIgnored (m: MemberInfo) =
        match ignoring m with
        | null -> m.IsDefined(typeof<NonSerializedAttribute>, false)
        | attribute -> attribute.Condition = JsonIgnoreCondition.Always

    /// Whether some values of the member are left out. In their place the constructor's value comes back.
    let isSometimesIgnored (m: MemberInfo) =
        match ignoring m with
        | null -> false
        | attribute ->
            attribute.Condition <> JsonIgnoreCondition.Always
            && attribute.Condition <> JsonIgnoreCondition.Never

    /// The field that the C# or F# compiler creates for `{ get; }` or `member val`.
    let storeOf (property: PropertyInfo) : FieldInfo | null =
        match property.DeclaringType with
        | null -> null
        | t ->
            match t.GetField($"<{property.Name}>k__BackingField", declared) with
            | null -> t.GetField($"{property.Name}@", declared)
            | field -> field

    let private nameOf (field: FieldInfo) =
        let name = field.Name
        if name.StartsWith("m_", StringComparison.Ordinal) then
            name.Substring 2
        else
            name.TrimStart '_'

    /// Whether the field's name fits the property: `_items`, `m_items` or `items` fit `Items`.
    let isLike (property: PropertyInfo) (field: FieldInfo) =
        property.Name.Equals(nameOf field, StringComparison.OrdinalIgnoreCase)
        && field.DeclaringType = property.DeclaringType

    /// The fields that the accessor reads or sets. Without IL, those whose names fit the property.
    let private touchedBy (property: PropertyInfo) (accessor: MethodInfo) : FieldInfo list =
        match MethodCode.read accessor with
        | ValueSome _ -> MethodCode.fields accessor
        | ValueNone -> fields property.DeclaringType |> List.filter (isLike property)

    let private common (some: FieldInfo list) (others: FieldInfo list) =
        some |> List.filter (fun field -> others |> List.exists (MethodCode.isSame field))

    /// The fields that the property's getter reads.
    let fieldsRead (property: PropertyInfo) : FieldInfo list =
        match storeOf property, property.GetGetMethod true with
        | null, null -> []
        | null, getter -> touchedBy property getter
        | store, _ -> [ store ]

    /// The fields that an ignored property represents: those it returns unchanged, or both reads and sets; not those
    /// from which it computes something.
    let fieldsIgnored (property: PropertyInfo) : FieldInfo list =
        match storeOf property, PlainCode.fieldRead property, property.GetSetMethod true with
        | null, ValueSome field, _ -> [ field ]
        | null, ValueNone, null -> []
        | null, ValueNone, setter -> common (fieldsRead property) (touchedBy property setter)
        | store, _, _ -> [ store ]

    let private setBy (constructor: ICustomAttributeProvider | null) (property: PropertyInfo) : FieldInfo list =
        match constructor with
        | :? ConstructorInfo as constructor ->
            match MethodCode.read constructor with
            | ValueSome _ -> MethodCode.fields constructor
            | ValueNone -> fields property.DeclaringType |> List.filter (isLike property)
        | _ -> []

    /// The fields that a stored member represents: those that its getter reads and that its setter, or the constructor,
    /// sets.
    let fieldsStored (info: JsonTypeInfo) (property: JsonPropertyInfo) : FieldInfo list =
        match property.AttributeProvider with
        | :? FieldInfo as field -> [ field ]
        | :? PropertyInfo as clr ->
            match storeOf clr with
            | null ->
                let read = fieldsRead clr

                let bySetter =
                    match clr.GetSetMethod true with
                    | null -> []
                    | setter -> common read (touchedBy clr setter)

                let byConstructor =
                    if isNull property.AssociatedParameter then
                        []
                    else
                        common read (setBy info.ConstructorAttributeProvider clr)

                let filled = if isFilled info property then read else []
                bySetter @ byConstructor @ filled
            | store -> [ store ]
        | _ -> []
