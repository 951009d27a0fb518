namespace Runa.Session

open System
open System.Data.Common
open System.Text
open System.Threading
open System.Threading.Tasks

/// Stores records in rows. The condition of the one writing statement detects what another request did meanwhile, so no
/// transaction stays open between two round trips, and READ COMMITTED suffices. The row is its own index entry, so the
/// two cannot differ.
[<Sealed>]
type internal SqlStore(database: SqlDatabase, clock: TimeProvider) =
    let statements = database.Statements

    let ticks (at: DateTimeOffset) = at.UtcTicks

    let keyIs (key: StoreKey) = SqlParameter.text "@key" (StoreKey.toText key)

    let now () = SqlParameter.number "@now" (ticks (clock.GetUtcNow()))

    let first (rows: ResizeArray<SqlRow>) : SessionRecord voption =
        if rows.Count = 0 then ValueNone else ValueSome(SqlRow.record rows[0])

    let content (record: SessionRecord) : SqlParameter list =
        let (RecordVersion.RecordVersion version) = record.Version

        [ SqlParameter.text "@scope" (SqlText.encode record.Scope)
          SqlParameter.textOrNull "@owner" (Option.map SqlText.encode record.State.Owner)
          SqlParameter.number "@version" version
          SqlParameter.number "@ends_at" (ticks (SessionRecord.endsAt record))
          SqlParameter.number "@expires_at" (ticks record.State.ExpiresAt)
          SqlParameter.numberOrNull "@idle_expires_at" (ValueOption.map ticks record.IdleExpiresAt)
          SqlParameter.textOrNull
              "@moved_to"
              (match record.Kind with
               | RecordKind.Moved successor -> Some(StoreKey.toText successor)
               | RecordKind.Live
               | RecordKind.Sealed _ -> None)
          SqlParameter.text "@record" (Encoding.UTF8.GetString(RecordFormat.write record)) ]

    member _.Load(key: StoreKey, token: CancellationToken) : Task<SessionRecord voption> =
        task {
            let! rows = database.Read(statements.Load, [ keyIs key ], SqlRow.read, token)
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

    member _.Touch(key: StoreKey, idleExpiresAt: DateTimeOffset, token: CancellationToken) : Task<bool> =
        task {
            let idleExpiresAt = SqlParameter.number "@idle_expires_at" (ticks idleExpiresAt)
            let! touched = database.Write(statements.Touch, [ keyIs key; idleExpiresAt; now () ], token)
            return touched > 0
        }

    member _.Delete(key: StoreKey, token: CancellationToken) : Task<SessionRecord voption> =
        task {
            let! rows = database.Remove(statements.Delete, [ keyIs key ], SqlRow.read, token)
            return first rows
        }

    member _.DeleteMany(keys: StoreKey list, token: CancellationToken) : Task<DeletedRecord list> =
        task {
            let texts = keys |> List.map StoreKey.toText

            let parameters =
                match database.Dialect with
                | SqlDialect.Sqlite -> texts |> List.mapi (fun i text -> SqlParameter.text $"@key{i}" text)
                | SqlDialect.PostgreSql -> [ SqlParameter.texts "@keys" (Array.ofList texts) ]

            if keys.IsEmpty then
                return []
            else
                let! rows = database.Remove(statements.DeleteMany keys.Length, parameters, SqlRow.readOwned, token)

                return
                    [ for struct (text, row) in rows do
                          match StoreKey.ofText text with
                          | Some key -> ({ Key = key; Record = SqlRow.tryRecord row }: DeletedRecord)
                          | None -> () ]
        }

    /// The owner's records after `from`, in the order of their keys, at most `most`. Raises ArgumentException for a `from`
    /// that is no Next of a page.
    member _.List(scope: string, owner: string, from: string option, most: int, token: CancellationToken) =
        task {
            let parameters =
                [ SqlParameter.text "@scope" (SqlText.encode scope)
                  SqlParameter.text "@owner" (SqlText.encode owner)
                  SqlParameter.text "@from" (from |> Option.map PagePlace.text |> Option.defaultValue "")
                  SqlParameter.number "@most" (int64 most + 1L) ]

            let! rows = database.Read(statements.List, parameters, SqlRow.readOwned, token)
            let items = ResizeArray<OwnedRecord>()
            let unreadable = ResizeArray()

            for struct (text, row) in Seq.truncate most rows do
                match StoreKey.ofText text, SqlRow.tryRecord row with
                | Some key, ValueSome record -> items.Add { Key = key; Record = record }
                | Some key, ValueNone -> unreadable.Add key
                // No cookie leads to a key like this. DeleteAll and PurgeExpired remove it.
                | None, _ -> ()

            return
                ({ Items = List.ofSeq items
                   Unreadable = List.ofSeq unreadable
                   Next =
                     if rows.Count > most then
                         let struct (last, _) = rows[most - 1]
                         Some(PagePlace.after last)
                     else
                         None }
                : OwnedPage)
        }

    /// The live sessions of the scope, by their columns: documents that cannot be read count too.
    member _.Count(scope: string, token: CancellationToken) : Task<SessionCount> =
        task {
            let parameters = [ SqlParameter.text "@scope" (SqlText.encode scope); now () ]
            let read (row: DbDataReader) : SessionCount = { Sessions = row.GetInt64 0; SignedIn = row.GetInt64 1 }
            let! rows = database.Read(statements.Count, parameters, read, token)
            return rows[0]
        }

    /// Also checks the table, and whether it can be written, since nothing works without it. It writes nothing, so it may be
    /// asked again, as a read.
    member _.Ping(token: CancellationToken) : Task = database.Read(statements.ProbeWrite, [], ignore, token)
