namespace Runa.Session

open System
open System.Data.Common
open System.Text
open System.Threading
open System.Threading.Tasks

/// Records in rows. What another request did meanwhile is seen by the condition of the one statement that writes, so no
/// transaction is open between two round trips, and READ COMMITTED suffices. The row is its own index entry: nothing can
/// stand in one and not in the other.
[<Sealed>]
type internal SqlStore(database: SqlDatabase, clock: TimeProvider) =
    let statements = database.Statements

    let ticks (at: DateTimeOffset) = at.UtcTicks

    let keyIs (key: StoreKey) = SqlParameter.text "@key" (StoreKey.toText key)

    let now () = SqlParameter.number "@now" (ticks (clock.GetUtcNow()))

    /// Of a row that begins with record and idle_ends_at. The document has the idle end of the last write; a touch since
    /// then moved only the column.
    let read (row: DbDataReader) : SessionRecord =
        let record = RecordFormat.read (ReadOnlySpan(Encoding.UTF8.GetBytes(row.GetString 0)))

        if row.IsDBNull 1 then
            record
        else
            SessionRecord.touch (DateTimeOffset(row.GetInt64 1, TimeSpan.Zero)) record

    let first (rows: ResizeArray<'T>) = if rows.Count = 0 then ValueNone else ValueSome rows[0]

    let content (record: SessionRecord) : SqlParameter list =
        let (RecordVersion.RecordVersion version) = record.Version

        [ SqlParameter.text "@scope" (SqlText.encode record.Scope)
          SqlParameter.textOrNull "@owner" (Option.map SqlText.encode record.State.Owner)
          SqlParameter.number "@version" version
          SqlParameter.number "@ends_at" (ticks (SessionRecord.endsAt record))
          SqlParameter.number "@until" (ticks record.State.ExpiresAt)
          SqlParameter.numberOrNull "@idle_ends_at" (ValueOption.map ticks record.IdleEnd)
          SqlParameter.textOrNull
              "@moved_to"
              (match record.Kind with
               | RecordKind.Moved successor -> Some(StoreKey.toText successor)
               | RecordKind.Live
               | RecordKind.Sealed _ -> None)
          SqlParameter.text "@record" (Encoding.UTF8.GetString(RecordFormat.write record)) ]

    member _.Load(key: StoreKey, token: CancellationToken) : Task<SessionRecord voption> =
        task {
            let! rows = database.Read(statements.Load, [ keyIs key ], read, token)
            return first rows
        }

    member _.Create(key: StoreKey, record: SessionRecord, token: CancellationToken) : Task<bool> =
        task {
            let! created = database.Write(statements.Create, keyIs key :: content record, token)
            return created > 0
        }

    member store.Replace(key: StoreKey, expected: RecordVersion, record: SessionRecord, token: CancellationToken) =
        task {
            let (RecordVersion.RecordVersion version) = expected
            let where = [ keyIs key; SqlParameter.number "@expected" version; now () ]
            let! replaced = database.Write(statements.Replace, where @ content record, token)

            if replaced > 0 then
                return ReplaceResult.Replaced
            else
                match! store.Load(key, token) with
                | ValueSome current when not (SessionRecord.isExpired (clock.GetUtcNow()) current) ->
                    return ReplaceResult.Conflict current
                | _ -> return ReplaceResult.Missing
        }

    member _.Touch(key: StoreKey, idleEnd: DateTimeOffset, token: CancellationToken) : Task<bool> =
        task {
            let idleEnd = SqlParameter.number "@idle_ends_at" (ticks idleEnd)
            let! touched = database.Write(statements.Touch, [ keyIs key; idleEnd; now () ], token)
            return touched > 0
        }

    member _.Delete(key: StoreKey, token: CancellationToken) : Task<SessionRecord voption> =
        task {
            let! rows = database.Remove(statements.Delete, [ keyIs key ], read, token)
            return first rows
        }

    /// In the order of their keys, those after `from`, at most `most`.
    member _.List(scope: string, owner: string, from: string option, most: int, token: CancellationToken) =
        task {
            let parameters =
                [ SqlParameter.text "@scope" (SqlText.encode scope)
                  SqlParameter.text "@owner" (SqlText.encode owner)
                  SqlParameter.text "@from" (defaultArg from "")
                  SqlParameter.number "@most" (int64 most + 1L)
                  now () ]

            let owned (row: DbDataReader) : OwnedRecord =
                match StoreKey.ofText (row.GetString 2) with
                | Some key -> { Key = key; Record = read row }
                | None -> raise (IO.InvalidDataException "A row's key is not the text of a store key.")

            let! rows = database.Read(statements.List, parameters, owned, token)
            let page = rows |> Seq.truncate most |> List.ofSeq

            return
                ({ Items = page
                   Unreadable = []
                   Next =
                     if rows.Count > most then
                         List.tryLast page |> Option.map (fun item -> StoreKey.toText item.Key)
                     else
                         None }
                : OwnedPage)
        }

    /// Asks for the table, too, since nothing works without it.
    member _.Ping(token: CancellationToken) : Task = database.Read(statements.Probe, [], ignore, token)
