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
    let expiresAt = RedisValue.op_Implicit "expires_at"
    /// The idle end, moved by each touch; only where there is one.
    let idleExpiresAt = RedisValue.op_Implicit "idle_expires_at"
    /// Whose it is: so that what cannot be read any more still says so.
    let scope = RedisValue.op_Implicit "scope"
    /// Under whom it is listed; only where it has an owner.
    let owner = RedisValue.op_Implicit "owner"
    /// When its entry in the owner's index was last written; only where it has an owner.
    let indexed = RedisValue.op_Implicit "indexed"

    /// The value of a field; null where it is missing.
    let value (name: RedisValue) (fields: HashEntry[]) : RedisValue =
        match fields |> Array.tryFind (fun field -> field.Name = name) with
        | Some field -> field.Value
        | None -> RedisValue.Null

/// A record as the hash holds it.
[<Struct; NoComparison; NoEquality>]
type internal RedisWrite =
    {
        Key: RedisKey
        Version: RedisValue
        Record: RedisValue
        ExpiresAt: RedisValue
        /// Null: none.
        IdleExpiresAt: RedisValue
        Scope: RedisValue
        /// Null: none.
        Owner: RedisValue
        Now: DateTimeOffset
        EndsAt: DateTimeOffset
    }

/// What stands under a key.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal RedisFound =
    | Nothing
    | Record of SessionRecord
    /// It cannot be read. What it says all the same of its scope and owner, where it does.
    | Unreadable of scope: RedisValue * owner: RedisValue * InvalidDataException

/// What a hash says, and what it is to say.
module internal RedisRecord =
    /// Every text is of one length, in UTC: comparing them compares times.
    let time (at: DateTimeOffset) : RedisValue =
        RedisValue.op_Implicit (at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture))

    let version (RecordVersion.RecordVersion number) : RedisValue =
        RedisValue.op_Implicit (number.ToString CultureInfo.InvariantCulture)

    /// How long Redis keeps what has ended, in milliseconds: until it has ended by the clocks of all nodes (promise 28), and
    /// a minute.
    let keptAfterEnd = int64 (SessionDriver.clockTolerance + TimeSpan.FromMinutes 1.).TotalMilliseconds

    // A hundred years: Garnet takes no expiry after the year 9999.
    let private longest = int64 (TimeSpan.FromDays 36_500.).TotalMilliseconds

    /// The store's own expiry only collects garbage: the application's clock says what is expired. In milliseconds.
    let timeToLive (now: DateTimeOffset) (ends: DateTimeOffset) : int64 =
        let left = ends.ToUnixTimeMilliseconds() - now.ToUnixTimeMilliseconds()
        min longest (max 0L left) + keptAfterEnd

    /// When an index entry is renewed that was written at the time of the field `indexed`: not after the first of these, or
    /// after the second, by a clock that was ahead. Else an entry that the server lost would never come back (promise 27).
    let renewal (now: DateTimeOffset) : struct (DateTimeOffset * DateTimeOffset) =
        struct (now.AddMinutes -1., now + SessionDriver.clockTolerance)

    let write (now: DateTimeOffset) (key: RedisKey) (record: SessionRecord) : RedisWrite =
        { Key = key
          Version = version record.Version
          Record = RedisValue.op_Implicit (RecordFormat.write record)
          ExpiresAt = time record.State.ExpiresAt
          IdleExpiresAt =
            match record.IdleExpiresAt with
            | ValueSome idle -> time idle
            | ValueNone -> RedisValue.Null
          Scope = RedisValue.op_Implicit record.Scope
          Owner =
            match record.State.Owner with
            | Some owner -> RedisValue.op_Implicit owner
            | None -> RedisValue.Null
          Now = now
          EndsAt = SessionRecord.endsAt record }

    /// Promise 5: names the field, never what it holds.
    let private damaged (field: RedisValue) (why: string) =
        InvalidDataException $"The field \"{field}\" of a session's hash in Redis {why}."

    let otherType () = InvalidDataException "Under the name of a session in Redis stands something else than a hash."

    let tryTime (text: RedisValue) : DateTimeOffset voption =
        match DateTimeOffset.TryParseExact(string text, "O", CultureInfo.InvariantCulture, DateTimeStyles.None) with
        | true, time -> ValueSome time
        | _ -> ValueNone

    let private parseTime field (text: RedisValue) =
        match tryTime text with
        | ValueSome time -> time
        | ValueNone -> raise (damaged field "is not a time as this driver writes it")

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
            elif name = RedisField.expiresAt then
                until <- field.Value
            elif name = RedisField.idleExpiresAt then
                idle <- field.Value

        let check field (value: RedisValue) =
            if value.IsNull then
                raise (damaged field "is missing")

        if fields.Length = 0 then
            ValueNone
        else
            check RedisField.version number
            check RedisField.record document
            check RedisField.expiresAt until
            let bytes: ReadOnlyMemory<byte> = RedisValue.op_Implicit document
            let record = RecordFormat.read bytes.Span

            if number <> version record.Version then
                raise (damaged RedisField.version "is not the version of its record")

            if idle.IsNull then
                ValueSome record
            else
                ValueSome(SessionRecord.touch (parseTime RedisField.idleExpiresAt idle) record)

    /// The same, where what cannot be read is no error.
    let find (fields: HashEntry[]) : RedisFound =
        try
            match read fields with
            | ValueSome record -> RedisFound.Record record
            | ValueNone -> RedisFound.Nothing
        with :? InvalidDataException as error ->
            RedisFound.Unreadable(
                RedisField.value RedisField.scope fields,
                RedisField.value RedisField.owner fields,
                error
            )

    /// For a key that holds no hash.
    let ofOtherType () = RedisFound.Unreadable(RedisValue.Null, RedisValue.Null, otherType ())
