namespace Runa.Session

open System
open System.Diagnostics.CodeAnalysis
open System.Collections.Generic
open System.Reflection
open System.Reflection.Emit

/// Reads from IL what methods do with the fields of their object. Where there is no IL (ahead-of-time compilation,
/// abstract methods), every answer is ValueNone or empty: less is known then, and more is checked value by value.
[<UnconditionalSuppressMessage("Trimming", "IL2026", Justification = FSharpTypes.Marked)>]
module internal MethodCode =
    [<Struct>]
    type Instruction = { Code: OpCode; Operand: int }

    let private codes: Dictionary<int16, OpCode> =
        typeof<OpCodes>.GetFields(BindingFlags.Static ||| BindingFlags.Public)
        |> Seq.choose (fun field ->
            match field.GetValue null with
            | :? OpCode as code -> Some(KeyValuePair(code.Value, code))
            | _ -> None)
        |> Dictionary

    let private operandBytes (code: OpCode) (il: byte[]) (at: int) =
        match code.OperandType with
        | OperandType.InlineNone -> 0
        | OperandType.ShortInlineBrTarget
        | OperandType.ShortInlineI
        | OperandType.ShortInlineVar -> 1
        | OperandType.InlineVar -> 2
        | OperandType.InlineI8
        | OperandType.InlineR -> 8
        | OperandType.InlineSwitch -> 4 + 4 * BitConverter.ToInt32(il, at)
        | _ -> 4

    let private parse (il: byte[]) : Instruction list =
        let rec next at found =
            if at >= il.Length then
                List.rev found
            else
                // Opcodes of two bytes begin with 0xFE.
                let isLong = il[at] = 0xFEuy
                let value = if isLong then int16 0xFE00us ||| int16 il[at + 1] else int16 il[at]
                let code = codes[value]
                let start = if isLong then at + 2 else at + 1
                let size = operandBytes code il start

                let operand =
                    match size with
                    | 1 -> int il[start]
                    | 2 -> int (BitConverter.ToUInt16(il, start))
                    | 4 -> BitConverter.ToInt32(il, start)
                    | _ -> 0

                next (start + size) ({ Code = code; Operand = operand } :: found)

        next 0 []

    let private typeArguments (t: Type | null) : Type[] | null =
        match t with
        | null -> null
        | t -> if t.IsGenericType then t.GetGenericArguments() else null

    let private methodArguments (method: MethodBase) : Type[] | null =
        if method.IsGenericMethod then method.GetGenericArguments() else null

    /// The method's instructions; ValueNone: there is no IL.
    let read (method: MethodBase) : Instruction list voption =
        try
            match method.GetMethodBody() with
            | null -> ValueNone
            | body ->
                match body.GetILAsByteArray() with
                | null -> ValueNone
                | il -> ValueSome(parse il)
        with _ ->
            ValueNone

    let fieldOf (method: MethodBase) (token: int) : FieldInfo voption =
        try
            match method.Module.ResolveField(token, typeArguments method.DeclaringType, methodArguments method) with
            | null -> ValueNone
            | field -> ValueSome field
        with _ ->
            ValueNone

    let methodOf (method: MethodBase) (token: int) : MethodBase voption =
        try
            match method.Module.ResolveMethod(token, typeArguments method.DeclaringType, methodArguments method) with
            | null -> ValueNone
            | called -> ValueSome called
        with _ ->
            ValueNone

    /// Whether both are the same field, even if one was looked up from a derived class.
    let isSame (a: FieldInfo) (b: FieldInfo) = a.MetadataToken = b.MetadataToken && a.Module = b.Module

    let private isAccess (code: OpCode) = code = OpCodes.Ldfld || code = OpCodes.Ldflda || code = OpCodes.Stfld

    let private isCall (code: OpCode) = code = OpCodes.Call || code = OpCodes.Callvirt

    /// The instance fields that the method reads or writes, itself or through methods of the same object that it calls.
    let fields (method: MethodBase) : FieldInfo list =
        let seen = HashSet<struct (Module * int)>()

        let rec look (owner: Type) (method: MethodBase) : FieldInfo list =
            if not (seen.Add(struct (method.Module, method.MetadataToken))) then
                []
            else
                match read method with
                | ValueNone -> []
                | ValueSome instructions ->
                    [ for { Code = code; Operand = token } in instructions do
                          if isAccess code then
                              yield! fieldOf method token |> ValueOption.toList
                          elif isCall code then
                              match methodOf method token with
                              | ValueSome called when not called.IsStatic ->
                                  match called.DeclaringType with
                                  | null -> ()
                                  | t ->
                                      if t.IsAssignableFrom owner then
                                          yield! look owner called
                              | _ -> () ]

        match method.DeclaringType with
        | null -> []
        | owner -> look owner method
