namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Reflection
open System.Runtime.CompilerServices
open System.Text.Json.Serialization.Metadata
open FSharpTypes
open JsonMembers

/// Completes what System.Text.Json knows of classes and structs, so that nothing is lost. It must be able to create the
/// object, and to set everything that it writes.
module internal JsonObjects =
    /// The CLR property, if System.Text.Json writes it but cannot set it.
    let private unset (info: JsonTypeInfo) (property: JsonPropertyInfo) : PropertyInfo voption =
        match property.AttributeProvider with
        | :? PropertyInfo as clr when not (isNull property.Get || isSet property || isFilled info property) ->
            ValueSome clr
        | _ -> ValueNone

    /// Makes a read-only public field settable, unless a constructor parameter sets it.
    let private completeField (property: JsonPropertyInfo) =
        match property.AttributeProvider with
        | :? FieldInfo as field when not (isNull property.Get) && not (isSet property) ->
            property.Set <- fun object value -> field.SetValue(object, value)
            property.IsSetNullable <- property.IsGetNullable
        | _ -> ()

    /// Raises for a derived class without a discriminator: it would come back as its base class.
    let refuseUnmarked (info: JsonTypeInfo) =
        match info.PolymorphismOptions with
        | null -> ()
        | options ->
            for derived in options.DerivedTypes do
                if isNull derived.TypeDiscriminator && derived.DerivedType <> info.Type then
                    raise (
                        UnsupportedType(
                            info.Type,
                            $"its [JsonDerivedType] for {TypeNames.display derived.DerivedType} has no discriminator: it would come back as {TypeNames.display info.Type}"
                        )
                    )

    /// Makes properties settable that only their class may set. Otherwise they would be written and never read.
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

    /// Whether the getter returns void, as F# compiles a class's property of type unit. System.Text.Json cannot call
    /// it.
    let private isVoid (property: JsonPropertyInfo) =
        match property.AttributeProvider with
        | :? PropertyInfo as clr when clr.PropertyType = typeof<unit> ->
            match clr.GetGetMethod true with
            | null -> false
            | getter -> getter.ReturnType = typeof<Void>
        | _ -> false

    /// Corrections to the properties of every object.
    let completeProperties (info: JsonTypeInfo) =
        for property in info.Properties do
            if isVoid property then
                property.Get <- fun _ -> null
                property.Set <- fun _ _ -> ()

            // Null is a value of option and unit, whatever the nullability annotations say: F# emits none for them.
            if nullIsValue property.PropertyType then
                property.IsGetNullable <- true
                property.IsSetNullable <- true

            // A property that is not stored cannot be required.
            if isNull property.Get && isNull property.Set then
                property.IsRequired <- false

    /// Raises for inline arrays and fixed buffers: their only field is the first item.
    let refuseBuffers (t: Type) =
        if
            t.IsDefined(typeof<InlineArrayAttribute>, false)
            || t.IsDefined(typeof<UnsafeValueTypeAttribute>, false)
        then
            raise (UnsupportedType(t, "a buffer of which only the first item would be written"))

    /// Raises for types that System.Text.Json refuses value by value: Type, pointers, delegates, arrays of two
    /// dimensions, asynchronous sequences.
    let refuseUnwritable (info: JsonTypeInfo) =
        let name = info.Converter.GetType().Name

        if
            name.StartsWith("UnsupportedTypeConverter", StringComparison.Ordinal)
            || name.StartsWith("IAsyncEnumerable", StringComparison.Ordinal)
        then
            raise (UnsupportedType(info.Type, "a type that System.Text.Json does not write"))

    /// Raises for a class without a constructor that System.Text.Json can call: it would be written and never read.
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
                        "it has no public constructor, or several of which none is without parameters or has the attribute JsonConstructor"
                    )
                )
