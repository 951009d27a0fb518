namespace Runa.Session

open System
open System.Globalization
open System.IO
open StackExchange.Redis

/// The fields of a record's hash.
module internal RedisField =
    /// The record's version, in decimal: what compare-and-swap compares.
    let version = RedisValue.op_Implicit "version"
    /// The record as RecordFormat writes it.
    let record = RedisValue.op_Implicit "record"
    /// The absolute end.
    let until = RedisValue.op_Implicit "until"
    /// The idle end, moved by each touch; only where there is one.
    let idle = RedisValue.op_Implicit "idle"
    /// Under whom it is listed; only where it has an owner.
    let owner = RedisValue.op_Implicit "owner"

/// A record as the hash holds it.
[<Struct; NoComparison; NoEquality>]
type internal RedisWrite =
    {
        Key: RedisKey
        Version: RedisValue
        Record: RedisValue
        Until: RedisValue
        /// Null: none.
        Idle: RedisValue
        /// Null: none.
        Owner: RedisValue
        /// The store's own expiry, in milliseconds.
        TimeToLive: int64
    }

/// What a hash says, and what it is to say.
module internal RedisRecord =
    /// Every text is of one length, in UTC: comparing them compares times.
    let time (at: DateTimeOffset) : RedisValue =
        RedisValue.op_Implicit (at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture))

    let version (RecordVersion.RecordVersion number) : RedisValue =
        RedisValue.op_Implicit (number.ToString CultureInfo.InvariantCulture)

    /// The store's own expiry only collects garbage: the application's clock says what is expired.
    let timeToLive (now: DateTimeOffset) (ends: DateTimeOffset) : int64 =
        (max TimeSpan.Zero (ends - now) + TimeSpan.FromMinutes 1.).Ticks / TimeSpan.TicksPerMillisecond

    let write (now: DateTimeOffset) (key: RedisKey) (record: SessionRecord) : RedisWrite =
        { Key = key
          Version = version record.Version
          Record = RedisValue.op_Implicit (RecordFormat.write record)
          Until = time record.State.ExpiresAt
          Idle =
            match record.IdleEnd with
            | ValueSome idle -> time idle
            | ValueNone -> RedisValue.Null
          Owner =
            match record.State.Owner with
            | Some owner -> RedisValue.op_Implicit owner
            | None -> RedisValue.Null
          TimeToLive = timeToLive now (SessionRecord.endsAt record) }

    /// Promise 5: names the field, never what it holds.
    let private damaged (field: RedisValue) (why: string) =
        InvalidDataException $"The field \"{field}\" of a session's hash in Redis {why}."

    let private parseTime field (text: RedisValue) =
        match DateTimeOffset.TryParseExact(string text, "O", CultureInfo.InvariantCulture, DateTimeStyles.None) with
        | true, time -> time
        | _ -> raise (damaged field "is not a time as this driver writes it")

    /// The record of a hash; ValueNone where nothing is. Raises InvalidDataException for what this driver did not write.
    let read (fields: HashEntry[]) : SessionRecord voption =
        let mutable document = RedisValue.Null
        let mutable number = RedisValue.Null
        let mutable until = RedisValue.Null
        let mutable idle = RedisValue.Null

        for field in fields do
            let name = field.Name

            if name = RedisField.record then
                document <- field.Value
            elif name = RedisField.version then
                number <- field.Value
            elif name = RedisField.until then
                until <- field.Value
            elif name = RedisField.idle then
                idle <- field.Value

        let check field (value: RedisValue) =
            if value.IsNull then
                raise (damaged field "is missing")

        if fields.Length = 0 then
            ValueNone
        else
            check RedisField.version number
            check RedisField.record document
            check RedisField.until until
            let bytes: ReadOnlyMemory<byte> = RedisValue.op_Implicit document
            let record = RecordFormat.read bytes.Span

            if number <> version record.Version then
                raise (damaged RedisField.version "is not the version of its record")

            if idle.IsNull then
                ValueSome record
            else
                ValueSome(SessionRecord.touch (parseTime RedisField.idle idle) record)
