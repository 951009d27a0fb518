namespace Runa.Session

open System
open System.Data.Common
open System.IO
open System.Text

/// A row with the document still unread. A record that cannot be read must not stop the statement that deletes it, or
/// the rows beside it (promise 17).
[<Struct; RequireQualifiedAccess; NoComparison; NoEquality>]
type internal SqlRow = { Document: byte[]; IdleExpiresAt: int64 voption }

module internal SqlRow =
    /// Reads a row that begins with record and idle_expires_at.
    let read (row: DbDataReader) : SqlRow =
        { Document =
            match row.GetValue 0 with
            | :? (byte[]) as bytes -> bytes
            | text -> Encoding.UTF8.GetBytes(string text)
          IdleExpiresAt = if row.IsDBNull 1 then ValueNone else ValueSome(row.GetInt64 1) }

    /// Reads a row that begins with record, idle_expires_at and key.
    let readOwned (row: DbDataReader) : struct (string * SqlRow) = struct (row.GetString 2, read row)

    let private idleExpiresAt (ticks: int64) : DateTimeOffset =
        try
            DateTimeOffset(ticks, TimeSpan.Zero)
        with :? ArgumentOutOfRangeException as e ->
            raise (InvalidDataException("This is no session record: its idle_expires_at is not a point in time.", e))

    /// The record of a row. The document holds the idle end of the last write; a later touch moved only the column.
    /// Raises InvalidDataException if it cannot be read.
    let record (row: SqlRow) : SessionRecord =
        let record = RecordFormat.read (ReadOnlySpan row.Document)

        match row.IdleExpiresAt with
        | ValueSome ticks -> SessionRecord.touch (idleExpiresAt ticks) record
        | ValueNone -> record

    /// The record of a row. ValueNone: it cannot be read.
    let tryRecord (row: SqlRow) : SessionRecord voption =
        try
            ValueSome(record row)
        with :? InvalidDataException ->
            ValueNone
