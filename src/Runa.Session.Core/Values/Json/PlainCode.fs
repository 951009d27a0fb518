namespace Runa.Session

open System
open System.Reflection
open System.Reflection.Emit
open MethodCode

/// Recognizes properties and constructors that only move values into fields and out of them.
module internal PlainCode =
    let private isMove (code: OpCode) =
        code = OpCodes.Nop
        || code = OpCodes.Ldarg_0
        || code = OpCodes.Ret
        || code = OpCodes.Stloc_0
        || code = OpCodes.Ldloc_0
        || code = OpCodes.Br_S

    /// The one field that the getter returns, or the setter sets; ValueNone: the method does anything else.
    let private onlyField (access: OpCode) (isSetter: bool) (method: MethodBase) : FieldInfo voption =
        match read method with
        | ValueNone -> ValueNone
        | ValueSome instructions ->
            let others, accesses = instructions |> List.partition (fun one -> one.Code <> access)
            let isOther (code: OpCode) = isMove code || (isSetter && code = OpCodes.Ldarg_1)

            match accesses with
            | [ one ] when others |> List.forall (fun other -> isOther other.Code) -> fieldOf method one.Operand
            | _ -> ValueNone

    let private getterField (getter: MethodInfo) = onlyField OpCodes.Ldfld false getter
    let private setterField (setter: MethodInfo) = onlyField OpCodes.Stfld true setter

    /// The field behind a property whose getter only returns it.
    let fieldRead (property: PropertyInfo) : FieldInfo voption =
        match property.GetGetMethod true with
        | null -> ValueNone
        | getter -> getterField getter

    /// Whether the property's setter sets the same field that its getter returns.
    let setsWhatItReads (property: PropertyInfo) : bool =
        match fieldRead property, property.GetSetMethod true with
        | ValueNone, _
        | _, null -> false
        | ValueSome read, setter ->
            match setterField setter with
            | ValueSome written -> isSame read written
            | ValueNone -> false

    /// A value on the evaluation stack of a constructor.
    [<Struct>]
    type private Item =
        | Self
        | Argument of position: int
        | Constant

    let private argument (one: Instruction) : Item voption =
        let item position = ValueSome(if position = 0 then Self else Argument(position - 1))

        if one.Code = OpCodes.Ldarg_0 then
            item 0
        elif one.Code = OpCodes.Ldarg_1 then
            item 1
        elif one.Code = OpCodes.Ldarg_2 then
            item 2
        elif one.Code = OpCodes.Ldarg_3 then
            item 3
        elif one.Code = OpCodes.Ldarg_S || one.Code = OpCodes.Ldarg then
            item one.Operand
        else
            ValueNone

    let private isConstant (one: Instruction) =
        let name = string one.Code.Name
        name.StartsWith("ldc.", StringComparison.Ordinal)
        || one.Code = OpCodes.Ldstr
        || one.Code = OpCodes.Ldnull
        || one.Code = OpCodes.Ldsfld

    /// Which argument a constructor puts into which field. ValueNone: it does anything else.
    let rec private moves (constructor: ConstructorInfo) : struct (int * FieldInfo) list voption =
        let rec run (stack: Item list) (found: struct (int * FieldInfo) list) (rest: Instruction list) =
            match rest with
            | [] -> ValueSome found
            | one :: rest ->
                match argument one, stack with
                | ValueSome item, _ -> run (item :: stack) found rest
                | _ when one.Code = OpCodes.Nop || one.Code = OpCodes.Ret -> run stack found rest
                | _ when isConstant one -> run (Constant :: stack) found rest
                | _, Argument position :: Self :: below when one.Code = OpCodes.Stfld ->
                    match fieldOf constructor one.Operand with
                    | ValueSome field -> run below (struct (position, field) :: found) rest
                    | ValueNone -> ValueNone
                | _, Constant :: Self :: below when one.Code = OpCodes.Stfld -> run below found rest
                | _ when one.Code = OpCodes.Newobj ->
                    match methodOf constructor one.Operand with
                    | ValueSome made when made.GetParameters().Length = 0 -> run (Constant :: stack) found rest
                    | _ -> ValueNone
                // F# calls the constructor of a base class by callvirt, and emits a pop after it.
                | _, _ :: below when one.Code = OpCodes.Pop -> run below found rest
                | _ when one.Code = OpCodes.Call || one.Code = OpCodes.Callvirt ->
                    match methodOf constructor one.Operand with
                    | ValueSome(:? ConstructorInfo as before) -> passOn before stack found rest
                    | _ -> ValueNone
                | _ -> ValueNone

        /// Follows a call of another constructor: of the base class, or of the same class.
        and passOn before stack found rest =
            let count = before.GetParameters().Length

            match (if stack.Length > count then List.splitAt count stack else [], []) with
            | given, Self :: below ->
                let given = List.rev given

                match moves before with
                | ValueNone -> ValueNone
                | ValueSome inner ->
                    let passed =
                        inner
                        |> List.choose (fun struct (position, field) ->
                            match given[position] with
                            | Argument outer -> Some(struct (outer, field))
                            | _ -> None)

                    run below (passed @ found) rest
            | _ -> ValueNone

        if constructor.DeclaringType = typeof<obj> then
            ValueSome []
        else
            match read constructor with
            | ValueNone -> ValueNone
            | ValueSome instructions -> run [] [] instructions

    /// Whether the constructor puts the argument of each position into its expected field, and does nothing else.
    let putsInto (constructor: ConstructorInfo) (expected: struct (int * FieldInfo) list) : bool =
        match moves constructor with
        | ValueNone -> false
        | ValueSome found ->
            expected
            |> List.forall (fun struct (position, field) ->
                found |> List.exists (fun struct (at, into) -> at = position && isSame into field))
            && found
               |> List.forall (fun struct (at, into) ->
                   expected |> List.forall (fun struct (position, field) -> not (isSame into field) || at = position))
