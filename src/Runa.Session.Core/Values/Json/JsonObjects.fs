namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Reflection
open System.Runtime.CompilerServices
open System.Text.Json.Serialization.Metadata
open FSharpTypes
open JsonMembers

/// Classes and structs as System.Text.Json must see them to lose nothing: what it writes of them it must be able to set again,
/// and it must be able to make them.
module internal JsonObjects =
    /// The property behind one that is written and cannot be set.
    let private unset (info: JsonTypeInfo) (property: JsonPropertyInfo) : PropertyInfo voption =
        match property.AttributeProvider with
        | :? PropertyInfo as clr when not (isNull property.Get || isSet property || isFilled info property) ->
            ValueSome clr
        | _ -> ValueNone

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

            match unset info property with
            | ValueSome clr when not (isNull clr.DeclaringType) && not (isFrameworks clr.DeclaringType) ->
                match clr.GetSetMethod true, storeOf clr with
                | null, null -> ()
                | null, store ->
                    property.Set <- fun object value -> store.SetValue(object, value)
                    property.IsSetNullable <- property.IsGetNullable
                | setter, _ ->
                    property.Set <- fun object value -> setter.Invoke(object, [| value |]) |> ignore
                    property.IsSetNullable <- property.IsGetNullable
            | _ -> ()

    /// The getter of a class's property of type unit returns nothing at all, which System.Text.Json cannot call.
    let private isVoid (property: JsonPropertyInfo) =
        match property.AttributeProvider with
        | :? PropertyInfo as clr when clr.PropertyType = typeof<unit> ->
            match clr.GetGetMethod true with
            | null -> false
            | getter -> getter.ReturnType = typeof<Void>
        | _ -> false

    /// What holds for the properties of every object.
    let completeProperties (info: JsonTypeInfo) =
        for property in info.Properties do
            if isVoid property then
                property.Get <- fun _ -> null
                property.Set <- fun _ _ -> ()

            // The null of an option or of unit is a value, whatever the annotations say: those of F# know of none.
            if nullIsValue property.PropertyType then
                property.IsGetNullable <- true
                property.IsSetNullable <- true

            // What is not written cannot be asked for.
            if isNull property.Get && isNull property.Set then
                property.IsRequired <- false

    /// Of an inline array or a fixed buffer the only field is the first item.
    let refuseBuffers (t: Type) =
        if
            t.IsDefined(typeof<InlineArrayAttribute>, false)
            || t.IsDefined(typeof<UnsafeValueTypeAttribute>, false)
        then
            raise (UnsupportedType(t, "a buffer of which only the first item would be written"))

    /// Types that System.Text.Json knows and refuses with each value: Type, pointers, delegates, arrays of two
    /// dimensions, asynchronous sequences.
    let refuseUnwritable (info: JsonTypeInfo) =
        let name = info.Converter.GetType().Name

        if
            name.StartsWith("UnsupportedTypeConverter", StringComparison.Ordinal)
            || name.StartsWith("IAsyncEnumerable", StringComparison.Ordinal)
        then
            raise (UnsupportedType(info.Type, "a type that System.Text.Json does not write"))

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
