namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Diagnostics.CodeAnalysis
open System.Collections.Generic
open System.Reflection
open System.Runtime.CompilerServices
open System.Text.Json.Serialization.Metadata
open Microsoft.FSharp.Reflection
open FSharpTypes

/// Completes what System.Text.Json knows of records and tuples, so that nothing is lost.
[<UnconditionalSuppressMessage("Trimming", "IL2026", Justification = FSharpTypes.Marked)>]
[<UnconditionalSuppressMessage("Trimming", "IL2072", Justification = FSharpTypes.Marked)>]
[<UnconditionalSuppressMessage("Trimming", "IL2075", Justification = FSharpTypes.Marked)>]
[<UnconditionalSuppressMessage("AOT", "IL3050", Justification = FSharpTypes.Marked)>]
module internal JsonRecords =
    let private hidden = BindingFlags.Instance ||| BindingFlags.NonPublic

    /// Whether the field is declared with a type parameter, as every field of an anonymous record is. Such a
    /// declaration does not say whether the field may be null.
    let private isParameter (field: PropertyInfo) =
        match field.DeclaringType with
        | null -> false
        | t when not t.IsGenericType -> false
        | t ->
            match t.GetGenericTypeDefinition().GetProperty(field.Name, hidden ||| BindingFlags.Public) with
            | null -> false
            | defined -> defined.PropertyType.IsGenericParameter

    /// Makes the field required unless it may be absent, and refuses null unless null is a value. An ignored field
    /// stays as it is.
    let private complete (context: NullabilityInfoContext) (field: PropertyInfo) (property: JsonPropertyInfo) =
        let t = field.PropertyType
        let mayBeAbsent =
            isOption t || isNullable t || context.Create(field).ReadState = NullabilityState.Nullable

        if not (isNull property.Get && isNull property.Set) then
            property.IsRequired <- not mayBeAbsent

            if not t.IsValueType then
                let mayBeNull = mayBeAbsent || nullIsValue t || (isParameter field && not (neverNull t))
                property.IsSetNullable <- mayBeNull
                property.IsGetNullable <- mayBeNull

    /// Adds the fields of a private or internal record, which System.Text.Json does not see. They are set through the
    /// fields behind them.
    let private reveal (info: JsonTypeInfo) (context: NullabilityInfoContext) (fields: PropertyInfo[]) =
        info.Properties.Clear()
        info.CreateObject <- fun () -> RuntimeHelpers.GetUninitializedObject info.Type

        for field in fields do
            match info.Type.GetField(field.Name + "@", hidden) with
            | null -> raise (UnsupportedType(info.Type, $"a record whose field {field.Name} cannot be set"))
            | store ->
                let property = info.CreateJsonPropertyInfo(field.PropertyType, field.Name)
                property.AttributeProvider <- field
                property.Get <- fun record -> field.GetValue record
                property.Set <- fun record value -> store.SetValue(record, value)
                complete context field property
                info.Properties.Add property

    /// Stores exactly the fields of a record.
    let completeRecord (info: JsonTypeInfo) =
        let context = NullabilityInfoContext()
        let fields = FSharpType.GetRecordFields(info.Type, true)
        let isVisible (field: PropertyInfo) = not (isNull (field.GetGetMethod()))

        if not (fields |> Array.forall isVisible) || info.Type.GetConstructors().Length = 0 then
            reveal info context fields
        else
            let byName = fields |> Seq.map (fun field -> KeyValuePair(field.Name, field)) |> Dictionary

            for index in info.Properties.Count - 1 .. -1 .. 0 do
                let property = info.Properties[index]

                let clrName =
                    match property.AttributeProvider with
                    | :? MemberInfo as m -> m.Name
                    | _ -> property.Name

                match byName.TryGetValue clrName with
                | true, field -> complete context field property
                | _ -> info.Properties.RemoveAt index

    /// Makes all items of a tuple required. System.Text.Json would put null or zero for a missing item of a struct
    /// tuple.
    let completeTuple (info: JsonTypeInfo) =
        for property in info.Properties do
            if not (isNull property.Set) || not (isNull property.AssociatedParameter) then
                property.IsRequired <- true

                if neverNull property.PropertyType then
                    property.IsSetNullable <- false
                    property.IsGetNullable <- false
