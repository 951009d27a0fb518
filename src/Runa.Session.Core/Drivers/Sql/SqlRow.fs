namespace Runa.Session

open System
open System.Data.Common
open System.IO
open System.Text

/// What a row holds of a record, before anybody has looked into the document: a record that cannot be read must not keep
/// the statement that deletes it, or the rows beside it, from being done (promise 17).
[<Struct; RequireQualifiedAccess; NoComparison; NoEquality>]
type internal SqlRow = { Document: byte[]; IdleExpiresAt: int64 voption }

module internal SqlRow =
    /// Of a row that begins with record and idle_expires_at.
    let read (row: DbDataReader) : SqlRow =
        { Document =
            match row.GetValue 0 with
            | :? (byte[]) as bytes -> bytes
            | text -> Encoding.UTF8.GetBytes(string text)
          IdleExpiresAt = if row.IsDBNull 1 then ValueNone else ValueSome(row.GetInt64 1) }

    /// Of one that goes on with key.
    let readOwned (row: DbDataReader) : struct (string * SqlRow) = struct (row.GetString 2, read row)

    let private idleExpiresAt (ticks: int64) : DateTimeOffset =
        try
            DateTimeOffset(ticks, TimeSpan.Zero)
        with :? ArgumentOutOfRangeException as e ->
            raise (InvalidDataException("This is no session record: its idle_expires_at is not a point in time.", e))

    /// The document has the idle end of the last write; a touch since then moved only the column. Raises
    /// InvalidDataException for what cannot be read.
    let record (row: SqlRow) : SessionRecord =
        let record = RecordFormat.read (ReadOnlySpan row.Document)

        match row.IdleExpiresAt with
        | ValueSome ticks -> SessionRecord.touch (idleExpiresAt ticks) record
        | ValueNone -> record

    /// ValueNone: it cannot be read.
    let tryRecord (row: SqlRow) : SessionRecord voption =
        try
            ValueSome(record row)
        with :? InvalidDataException ->
            ValueNone
