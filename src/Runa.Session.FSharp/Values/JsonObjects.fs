namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Reflection
open System.Text.Json.Serialization.Metadata
open FSharpTypes

/// Classes and structs as System.Text.Json must see them to lose nothing: what it writes of them it must be able to set again,
/// and it must be able to make them.
module internal JsonObjects =
    let private all = BindingFlags.Instance ||| BindingFlags.Public ||| BindingFlags.NonPublic

    let private isFrameworks (t: Type) =
        match t.Namespace with
        | null -> false
        | space -> space = "System" || space.StartsWith("System.", StringComparison.Ordinal)

    let private isSet (property: JsonPropertyInfo) =
        not (isNull property.Set) || not (isNull property.AssociatedParameter)

    /// The property behind one that is written and cannot be set.
    let private unset (property: JsonPropertyInfo) : PropertyInfo voption =
        match property.AttributeProvider with
        | :? PropertyInfo as clr when not (isNull property.Get) && not (isSet property) -> ValueSome clr
        | _ -> ValueNone

    /// The field that the compiler of C# or F# put behind `{ get; }` or `member val`.
    let private storeOf (clr: PropertyInfo) : FieldInfo | null =
        match clr.DeclaringType with
        | null -> null
        | t ->
            match t.GetField($"<{clr.Name}>k__BackingField", all) with
            | null -> t.GetField($"{clr.Name}@", all)
            | field -> field

    let private nameOf (field: FieldInfo) =
        let name = field.Name
        if name.StartsWith("m_", StringComparison.Ordinal) then
            name.Substring 2
        else
            name.TrimStart '_'

    /// A field by whose name, `_items`, `m_items` or `items`, it stands behind the property Items.
    let private fieldLike (clr: PropertyInfo) : FieldInfo option =
        match clr.DeclaringType with
        | null -> None
        | t ->
            t.GetFields all
            |> Array.tryFind (fun field -> clr.Name.Equals(nameOf field, StringComparison.OrdinalIgnoreCase))

    /// A public field that only the constructor may set, without a parameter for it.
    let private completeField (property: JsonPropertyInfo) =
        match property.AttributeProvider with
        | :? FieldInfo as field when not (isNull property.Get) && not (isSet property) ->
            property.Set <- fun object value -> field.SetValue(object, value)
            property.IsSetNullable <- property.IsGetNullable
        | _ -> ()

    /// What is derived from a base, and not marked in the text, comes back as the base.
    let refuseUnmarked (info: JsonTypeInfo) =
        match info.PolymorphismOptions with
        | null -> ()
        | options ->
            for derived in options.DerivedTypes do
                if isNull derived.TypeDiscriminator && derived.DerivedType <> info.Type then
                    raise (
                        UnsupportedType(
                            info.Type,
                            $"its [JsonDerivedType] for {derived.DerivedType.Name} has no discriminator, so that it would come back as {info.Type.Name}"
                        )
                    )

    /// A property that only its class may set is set all the same, or it would be written and never read.
    let completeObject (info: JsonTypeInfo) =
        for property in info.Properties do
            completeField property

            match unset property with
            | ValueSome clr when not (isNull clr.DeclaringType) && not (isFrameworks clr.DeclaringType) ->
                match clr.GetSetMethod true, storeOf clr with
                | null, null ->
                    fieldLike clr
                    |> Option.iter (fun field ->
                        raise (
                            UnsupportedType(
                                info.Type,
                                $"its property {clr.Name} cannot be set, and what {field.Name} holds would be lost"
                            )
                        ))
                | null, store ->
                    property.Set <- fun object value -> store.SetValue(object, value)
                    property.IsSetNullable <- property.IsGetNullable
                | setter, _ ->
                    property.Set <- fun object value -> setter.Invoke(object, [| value |]) |> ignore
                    property.IsSetNullable <- property.IsGetNullable
            | _ -> ()

    /// Without a constructor that System.Text.Json can call, what it writes is never read.
    let refuseUnmakeable (info: JsonTypeInfo) =
        let t = info.Type

        if isNull info.CreateObject && not (t.IsAbstract || t.IsInterface) then
            match info.ConstructorAttributeProvider with
            | :? ConstructorInfo as constructor ->
                let bound =
                    info.Properties
                    |> Seq.filter (fun property -> not (isNull property.AssociatedParameter))
                    |> Seq.length

                if constructor.GetParameters().Length > bound then
                    raise (UnsupportedType(t, "a parameter of its constructor has no property of its name"))
            | _ ->
                raise (
                    UnsupportedType(
                        t,
                        "it has no public constructor, or several of which none is without parameters or marked [<JsonConstructor>]"
                    )
                )

    /// Of a collection nothing but its items is written.
    let refuseCollectionWithMore (info: JsonTypeInfo) =
        let isMore (property: PropertyInfo) =
            not (isNull (property.GetSetMethod()))
            && property.GetIndexParameters().Length = 0
            && not (isNull property.DeclaringType)
            && not (isFrameworks property.DeclaringType)

        if info.Type.GetProperties(BindingFlags.Instance ||| BindingFlags.Public) |> Array.exists isMore then
            raise (UnsupportedType(info.Type, "a collection with properties of its own, which would be lost"))
