namespace Runa.Session

open System
open System.Globalization
open System.IO
open StackExchange.Redis

/// The fields of a record's hash.
module internal RedisField =
    /// The record's version, in decimal, which compare-and-swap compares.
    let version = RedisValue.op_Implicit "version"
    /// The record as RecordFormat writes it.
    let record = RedisValue.op_Implicit "record"
    /// The absolute end.
    let expiresAt = RedisValue.op_Implicit "expires_at"
    /// The idle end, which each touch moves. Missing if there is none.
    let idleExpiresAt = RedisValue.op_Implicit "idle_expires_at"
    /// Application and session name, so that even an unreadable record says whose it is.
    let scope = RedisValue.op_Implicit "scope"
    /// The owner under whom the record is listed. Missing if there is none.
    let owner = RedisValue.op_Implicit "owner"
    /// When its entry in the owner's index was last written. Missing if there is no owner.
    let indexed = RedisValue.op_Implicit "indexed"

    /// The value of a field. Null: it is missing.
    let value (name: RedisValue) (fields: HashEntry[]) : RedisValue =
        match fields |> Array.tryFind (fun field -> field.Name = name) with
        | Some field -> field.Value
        | None -> RedisValue.Null

/// A record as it is written to the hash.
[<Struct; NoComparison; NoEquality>]
type internal RedisWrite =
    {
        Key: RedisKey
        Version: RedisValue
        Record: RedisValue
        ExpiresAt: RedisValue
        /// Null: there is none.
        IdleExpiresAt: RedisValue
        Scope: RedisValue
        /// Null: there is none.
        Owner: RedisValue
        Now: DateTimeOffset
        EndsAt: DateTimeOffset
    }

/// What a key holds.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal RedisFound =
    | Nothing
    | Record of SessionRecord
    /// It cannot be read. Scope and owner are what its hash says of them, or null.
    | Unreadable of scope: RedisValue * owner: RedisValue * InvalidDataException

/// Converts records to the fields of a hash, and back.
module internal RedisRecord =
    /// The time as text, in UTC. All texts have the same length, so they sort like the times.
    let time (at: DateTimeOffset) : RedisValue =
        RedisValue.op_Implicit (at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture))

    let version (RecordVersion.RecordVersion number) : RedisValue =
        RedisValue.op_Implicit (number.ToString CultureInfo.InvariantCulture)

    /// How long Redis keeps a record after its end, in milliseconds: until it has ended by the clocks of all nodes
    /// (promise 28), and one more minute.
    let keptAfterEnd = int64 (SessionDriver.clockTolerance + TimeSpan.FromMinutes 1.).TotalMilliseconds

    // A hundred years. Garnet accepts no expiry after the year 9999.
    let private longest = int64 (TimeSpan.FromDays 36_500.).TotalMilliseconds

    /// How long Redis keeps a record, in milliseconds. This only collects garbage: the application's clock decides what
    /// has expired.
    let timeToLive (now: DateTimeOffset) (ends: DateTimeOffset) : int64 =
        let left = ends.ToUnixTimeMilliseconds() - now.ToUnixTimeMilliseconds()
        min longest (max 0L left) + keptAfterEnd

    /// The two times between which the field `indexed` shows a fresh index entry. An older entry is renewed, and one
    /// from a clock that was ahead too: otherwise an entry that the server lost would never come back (promise 27).
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

    /// Promise 5: the message names the field, but never contains its value.
    let private damaged (field: RedisValue) (why: string) =
        InvalidDataException $"The field \"{field}\" of a session's hash in Redis {why}."

    let otherType () = InvalidDataException "The key of a session in Redis does not hold a hash."

    let tryTime (text: RedisValue) : DateTimeOffset voption =
        match DateTimeOffset.TryParseExact(string text, "O", CultureInfo.InvariantCulture, DateTimeStyles.None) with
        | true, time -> ValueSome time
        | _ -> ValueNone

    let private parseTime field (text: RedisValue) =
        match tryTime text with
        | ValueSome time -> time
        | ValueNone -> raise (damaged field "is not a time as this driver writes it")

    /// The record of a hash. ValueNone: the hash is empty. Raises InvalidDataException for anything that this driver
    /// did not write.
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

    /// Like read, but does not raise for what cannot be read.
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

    /// The result for a key that does not hold a hash.
    let ofOtherType () = RedisFound.Unreadable(RedisValue.Null, RedisValue.Null, otherType ())
