namespace Runa.Session

open System
open System.Buffers
open System.Buffers.Text
open System.Globalization
open System.Text
open StackExchange.Redis

/// Whose a record is.
[<Struct; RequireQualifiedAccess; NoComparison; NoEquality>]
type internal RedisWhose =
    {
        /// Application and session name.
        Scope: string
        /// The owner under whom the record is listed. Null: there is none.
        Owner: string | null
    }

/// The head of a record's value, before its document: text in fixed places, which scripts compare and change, then the
/// scope and the owner, which differ in length.
///
///     runa1 <version> <absolute end> <idle end> <indexed> <length of scope> <length of owner> <scope> <owner> <document>
module internal RedisHead =
    /// The number goes up whenever older versions would misread a value.
    let mark = "runa1 "
    let versionAt = 6
    let versionLength = 16
    let expiresAt = 23
    let idleExpiresAt = 52
    /// When its entry in the owner's index was last written.
    let indexed = 81
    let timeLength = 28
    let scopeLengthAt = 110
    let ownerLengthAt = 119
    let lengthLength = 8
    /// The scope begins where the fixed places end.
    let fixedLength = 128

    /// In place of a time that there is not. It sorts behind all times.
    let never = String('~', timeLength)

    let private markBytes = Encoding.ASCII.GetBytes mark

    /// The time as text, in UTC. All texts have the same length, so they sort like the times.
    let time (at: DateTimeOffset) : string = at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)

    /// The version as 16 hexadecimal digits.
    let version (RecordVersion.RecordVersion number) : string = number.ToString("x16", CultureInfo.InvariantCulture)

    let isOne (value: ReadOnlySpan<byte>) : bool =
        value.Length >= fixedLength && value.StartsWith(ReadOnlySpan markBytes)

    let text (at: int) (length: int) (value: ReadOnlySpan<byte>) : string =
        Encoding.UTF8.GetString(value.Slice(at, length))

    /// ValueNone: there is none, or this is no time as the driver writes it.
    let tryTime (at: int) (value: ReadOnlySpan<byte>) : DateTimeOffset voption =
        let mutable time = DateTimeOffset.MinValue
        let mutable read = 0

        if Utf8Parser.TryParse(value.Slice(at, timeLength), &time, &read, 'O') && read = timeLength then
            ValueSome time
        else
            ValueNone

    let isNever (at: int) (value: ReadOnlySpan<byte>) = value[at] = byte '~'

    let private tryLength (at: int) (value: ReadOnlySpan<byte>) : int =
        let mutable length = 0
        let mutable read = 0

        if Utf8Parser.TryParse(value.Slice(at, lengthLength), &length, &read) && read = lengthLength then
            length
        else
            -1

    /// The length of the whole head, of which the fixed places suffice. -1: this is no head.
    let lengthOf (value: ReadOnlySpan<byte>) : int =
        if isOne value then
            let scope = tryLength scopeLengthAt value
            let owner = tryLength ownerLengthAt value
            if scope < 0 || owner < 0 then -1 else fixedLength + scope + 1 + owner + 1
        else
            -1

    /// Whose a record is, even if the rest of it cannot be read. ValueNone: it does not say.
    let tryWhose (value: ReadOnlySpan<byte>) : RedisWhose voption =
        let length = lengthOf value

        if length < 0 || value.Length < length then
            ValueNone
        else
            let scope = tryLength scopeLengthAt value
            let owner = tryLength ownerLengthAt value

            ValueSome
                { RedisWhose.Scope = text fixedLength scope value
                  RedisWhose.Owner = if owner = 0 then null else text (fixedLength + scope + 1) owner value }

    let private put (at: int) (what: string) (value: Span<byte>) =
        Encoding.UTF8.GetBytes(what.AsSpan(), value.Slice at) |> ignore

    let private putTime (at: int) (time: DateTimeOffset) (value: Span<byte>) =
        let mutable written = 0
        Utf8Formatter.TryFormat(time.UtcDateTime, value.Slice at, &written, StandardFormat 'O') |> ignore

    let private putLength (at: int) (length: int) (value: Span<byte>) =
        let mutable written = 0
        Utf8Formatter.TryFormat(length, value.Slice at, &written, StandardFormat('D', 8uy)) |> ignore

    /// The value of a record with this document, and the length of its head. `indexed` is written if it has an owner.
    let write (record: SessionRecord) (document: byte[]) (now: DateTimeOffset) : struct (byte[] * int) =
        let (RecordVersion.RecordVersion number) = record.Version
        let owner = Option.toObj record.State.Owner
        let scopeLength = Encoding.UTF8.GetByteCount record.Scope

        let ownerLength =
            match owner with
            | null -> 0
            | owner -> Encoding.UTF8.GetByteCount owner

        let length = fixedLength + scopeLength + 1 + ownerLength + 1
        let bytes = Array.zeroCreate<byte>(length + document.Length)
        let value = Span bytes
        value.Slice(0, length).Fill(byte ' ')
        put 0 mark value
        let mutable written = 0
        Utf8Formatter.TryFormat(number, value.Slice versionAt, &written, StandardFormat('x', 16uy))
        |> ignore
        putTime expiresAt record.State.ExpiresAt value

        match record.IdleExpiresAt with
        | ValueSome idle -> putTime idleExpiresAt idle value
        | ValueNone -> put idleExpiresAt never value

        match owner with
        | null -> put indexed never value
        | owner ->
            putTime indexed now value
            put (fixedLength + scopeLength + 1) owner value

        putLength scopeLengthAt scopeLength value
        putLength ownerLengthAt ownerLength value
        put fixedLength record.Scope value
        ReadOnlySpan(document).CopyTo(value.Slice length)
        struct (bytes, length)

    let private bytesOf (value: RedisValue) : ReadOnlyMemory<byte> = RedisValue.op_Implicit value

    /// The length of the head of a value, which is not null. -1: it is no record's.
    let headLength (value: RedisValue) : int = lengthOf (bytesOf value).Span

    /// Whether a value, which is not null, has a whole head whose ends can be read.
    let isSound (value: RedisValue) : bool =
        let bytes = (bytesOf value).Span
        let length = lengthOf bytes

        length >= 0
        && length <= bytes.Length
        && (tryTime expiresAt bytes).IsSome
        && (isNever idleExpiresAt bytes || (tryTime idleExpiresAt bytes).IsSome)

    let whose (value: RedisValue) : RedisWhose voption = tryWhose (bytesOf value).Span

    let hasOwner (value: RedisValue) : bool = tryLength ownerLengthAt (bytesOf value).Span > 0

    /// The text that stands from one place up to another.
    let between (from: int) (until: int) (value: RedisValue) : string = text from (until - from) (bytesOf value).Span
