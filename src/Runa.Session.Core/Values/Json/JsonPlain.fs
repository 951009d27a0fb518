namespace Runa.Session

open System
open System.Buffers
open System.Globalization

/// A short way of a codec around the serializer.
[<AbstractClass; AllowNullLiteral>]
type internal PlainCodec<'T>() =
    /// Null: the value is left to the serializer.
    abstract TryWrite: value: 'T -> string | null
    /// ValueNone: the text is left to the serializer.
    abstract TryRead: json: string -> 'T voption

/// Writes and reads whole numbers, truth values and most texts without the serializer, in the same JSON text. What is
/// not of the usual shape is left to the serializer.
module internal JsonPlain =
    /// Characters that stand for themselves in the JSON text that the serializer writes.
    let private plain =
        SearchValues.Create(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_.,:;/@()[]{}#?!=*%$~^|".AsSpan()
        )

    /// Characters with which a JSON string is not read as it stands: escapes, and halves of a pair.
    let private isSpecial =
        let controls = String [| for code in 0..31 -> char code |]
        SearchValues.Create(("\"\\" + controls).AsSpan())

    let private hasSurrogate (text: ReadOnlySpan<char>) = text.ContainsAnyInRange('\uD800', '\uDFFF')

    let tryWriteText (text: string | null) : string | null =
        match text with
        | null -> null
        | text when text.AsSpan().ContainsAnyExcept plain -> null
        | text -> String.Concat("\"", text, "\"")

    let tryReadText (json: string) : string voption =
        if json.Length < 2 || json[0] <> '"' || json[json.Length - 1] <> '"' then
            ValueNone
        else
            let inner = json.AsSpan(1, json.Length - 2)

            if inner.ContainsAny isSpecial || hasSurrogate inner then
                ValueNone
            else
                ValueSome(inner.ToString())

    /// At most 18 digits, so that the value cannot overflow.
    let private tryReadDigits (json: string) (first: int) : int64 voption =
        let digits = json.Length - first

        if digits < 1 || digits > 18 || (digits > 1 && json[first] = '0') then
            ValueNone
        else
            let mutable value = 0L
            let mutable index = first

            while index < json.Length && Char.IsAsciiDigit json[index] do
                value <- value * 10L + int64 (int json[index] - int '0')
                index <- index + 1

            if index = json.Length then ValueSome value else ValueNone

    let tryReadInt64 (json: string) : int64 voption =
        if json.StartsWith '-' then
            match tryReadDigits json 1 with
            // The serializer decides what a negative zero is.
            | ValueSome 0L
            | ValueNone -> ValueNone
            | ValueSome value -> ValueSome -value
        else
            tryReadDigits json 0

    let tryReadInt32 (json: string) : int voption =
        match tryReadInt64 json with
        | ValueSome value when value >= int64 Int32.MinValue && value <= int64 Int32.MaxValue -> ValueSome(int value)
        | _ -> ValueNone

    let writeInt64 (value: int64) : string = value.ToString CultureInfo.InvariantCulture
    let writeInt32 (value: int) : string = value.ToString CultureInfo.InvariantCulture

    let tryReadBool (json: string) : bool voption =
        match json with
        | "true" -> ValueSome true
        | "false" -> ValueSome false
        | _ -> ValueNone

    let writeBool (value: bool) : string = if value then "true" else "false"

    let inline private codec<'T>
        ([<InlineIfLambda>] tryWrite: 'T -> string | null)
        ([<InlineIfLambda>] tryRead: string -> 'T voption)
        =
        { new PlainCodec<'T>() with
            member _.TryWrite value = tryWrite value
            member _.TryRead json = tryRead json }

    let texts = codec<string> (fun value -> tryWriteText value) (fun json -> tryReadText json)
    let int32s = codec<int> (fun value -> writeInt32 value) (fun json -> tryReadInt32 json)
    let int64s = codec<int64> (fun value -> writeInt64 value) (fun json -> tryReadInt64 json)
    let bools = codec<bool> (fun value -> writeBool value) (fun json -> tryReadBool json)
