namespace Runa.Session

open System
open System.IO
open StackExchange.Redis

/// A record as it is written.
[<Struct; RequireQualifiedAccess; NoComparison; NoEquality>]
type internal RedisWrite =
    {
        Key: RedisKey
        Value: byte[]
        /// The length of the head of the value.
        HeadLength: int
        HasOwner: bool
        Now: DateTimeOffset
        /// The earlier end.
        EndsAt: DateTimeOffset
    }

/// What a key holds.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal RedisFound =
    | Nothing
    | Record of SessionRecord
    /// It cannot be read. ValueNone: it does not say whose it is.
    | Unreadable of RedisWhose voption * InvalidDataException

/// Converts records to values, and back.
module internal RedisRecord =
    /// How long Redis keeps a record after its end: until it has ended by the clocks of all nodes (promise 28), and one
    /// more minute.
    let keptAfterEnd = int64 (SessionDriver.clockTolerance + TimeSpan.FromMinutes 1.).TotalMilliseconds

    // A hundred years. Garnet accepts no expiry after the year 9999.
    let private longest = int64 (TimeSpan.FromDays 36_500.).TotalMilliseconds

    /// How long Redis keeps a record, in milliseconds. This only collects garbage: the application's clock decides what
    /// has expired.
    let timeToLive (now: DateTimeOffset) (ends: DateTimeOffset) : int64 =
        let left = ends.ToUnixTimeMilliseconds() - now.ToUnixTimeMilliseconds()
        min longest (max 0L left) + keptAfterEnd

    /// The two times between which an index entry is fresh. An older entry is renewed, and one from a clock that was
    /// ahead too: otherwise an entry that the server lost would never come back (promise 27).
    let renewal (now: DateTimeOffset) : struct (DateTimeOffset * DateTimeOffset) =
        struct (now.AddMinutes -1., now + SessionDriver.clockTolerance)

    let write (now: DateTimeOffset) (key: RedisKey) (record: SessionRecord) : RedisWrite =
        let struct (value, headLength) = RedisHead.write record (RecordFormat.write record) now

        { RedisWrite.Key = key
          Value = value
          HeadLength = headLength
          HasOwner = record.State.Owner.IsSome
          Now = now
          EndsAt = SessionRecord.endsAt record }

    let private notOurs () =
        InvalidDataException "The text of a session in Redis does not begin as this driver writes it."

    /// Promise 5: the message names what is wrong, but never contains it.
    let private damaged (what: string) (why: string) = InvalidDataException $"The {what} of a session in Redis {why}."

    let otherType () = InvalidDataException "The key of a session in Redis does not hold a text."

    let private hasVersion (RecordVersion.RecordVersion number) (value: ReadOnlySpan<byte>) =
        let mutable found = 0L
        let mutable read = 0

        Buffers.Text.Utf8Parser.TryParse(value.Slice(RedisHead.versionAt, RedisHead.versionLength), &found, &read, 'x')
        && read = RedisHead.versionLength
        && found = number

    /// The record of a value. ValueNone: the key does not exist. Raises InvalidDataException for anything that this
    /// driver did not write.
    let read (value: RedisValue) : SessionRecord voption =
        if value.IsNull then
            ValueNone
        else
            let bytes: ReadOnlyMemory<byte> = RedisValue.op_Implicit value
            let span = bytes.Span
            let headLength = RedisHead.lengthOf span

            if headLength < 0 || span.Length < headLength then
                raise (notOurs ())

            let record = RecordFormat.read (span.Slice headLength)

            if not (hasVersion record.Version span) then
                raise (damaged "version" "is not the one of its document")

            match RedisHead.tryTime RedisHead.expiresAt span with
            | ValueSome ends when ends.UtcTicks = record.State.ExpiresAt.UtcTicks -> ()
            | _ -> raise (damaged "absolute end" "is not the one of its document")

            if RedisHead.isNever RedisHead.idleExpiresAt span then
                ValueSome record
            else
                match RedisHead.tryTime RedisHead.idleExpiresAt span with
                | ValueSome idle -> ValueSome(SessionRecord.touch idle record)
                | ValueNone -> raise (damaged "idle end" "is not a time as this driver writes it")

    /// Like read, but does not raise for what cannot be read.
    let find (value: RedisValue) : RedisFound =
        try
            match read value with
            | ValueSome record -> RedisFound.Record record
            | ValueNone -> RedisFound.Nothing
        with :? InvalidDataException as error ->
            let bytes: ReadOnlyMemory<byte> = RedisValue.op_Implicit value
            RedisFound.Unreadable(RedisHead.tryWhose bytes.Span, error)

    /// The result for a key that does not hold a text.
    let ofOtherType () = RedisFound.Unreadable(ValueNone, otherType ())
