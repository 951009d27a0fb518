namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Collections.Generic
open System.Reflection
open System.Runtime.CompilerServices
open System.Text.Json.Serialization.Metadata
open Microsoft.FSharp.Reflection
open FSharpTypes

/// Records and tuples as System.Text.Json must see them to lose nothing.
module internal JsonRecords =
    let private hidden = BindingFlags.Instance ||| BindingFlags.NonPublic

    /// Declared as a type parameter, as every field of an anonymous record is: whether it may be null is known only where
    /// it was made.
    let private isParameter (field: PropertyInfo) =
        match field.DeclaringType with
        | null -> false
        | t when not t.IsGenericType -> false
        | t ->
            match t.GetGenericTypeDefinition().GetProperty(field.Name, hidden ||| BindingFlags.Public) with
            | null -> false
            | defined -> defined.PropertyType.IsGenericParameter

    /// A field that cannot be absent is required, and never null. One that is ignored is none.
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

    /// The fields of a private or internal record, which System.Text.Json does not see: through the fields behind them.
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

    /// Records: exactly the fields.
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

    /// Tuples are complete as well; System.Text.Json would put a null or a zero where one of a struct tuple is missing.
    let completeTuple (info: JsonTypeInfo) =
        for property in info.Properties do
            if not (isNull property.Set) || not (isNull property.AssociatedParameter) then
                property.IsRequired <- true

                if neverNull property.PropertyType then
                    property.IsSetNullable <- false
                    property.IsGetNullable <- false
