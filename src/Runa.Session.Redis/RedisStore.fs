namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// Records in hashes.
[<Sealed>]
type internal RedisStore(database: IDatabase, keys: RedisKeys, writes: IRedisWrites, clock: TimeProvider) =
    let text (key: StoreKey) = RedisValue.op_Implicit (StoreKey.toText key)

    /// Before the record, so that whoever ends all sessions of the owner finds it.
    let index (key: StoreKey) (record: SessionRecord) (now: DateTimeOffset) (token: CancellationToken) =
        match record.State.Owner with
        | Some owner -> writes.Index(keys.Owner(record.Scope, owner), text key, now, record.State.ExpiresAt, token)
        | None -> Task.FromResult()

    member _.Database = database
    member _.Keys = keys
    member _.Now = clock.GetUtcNow()

    member _.Load (key: StoreKey) (token: CancellationToken) : Task<SessionRecord voption> =
        task {
            token.ThrowIfCancellationRequested()
            let! fields = database.HashGetAllAsync(keys.Record key, CommandFlags.DemandMaster).WaitAsync token
            return RedisRecord.read fields
        }

    member _.Create (key: StoreKey) (record: SessionRecord) (token: CancellationToken) : Task<bool> =
        task {
            let now = clock.GetUtcNow()
            do! index key record now token
            return! writes.Create(RedisRecord.write now (keys.Record key) record, token)
        }

    member _.Replace (key: StoreKey) (expected: RecordVersion) (record: SessionRecord) (token: CancellationToken) =
        let now = clock.GetUtcNow()
        let write = RedisRecord.write now (keys.Record key) record

        let rec replace isIndexed : Task<ReplaceResult> =
            task {
                match! writes.Replace(expected, now, isIndexed, write, token) with
                | RedisReplaced.Replaced -> return ReplaceResult.Replaced
                | RedisReplaced.Missing -> return ReplaceResult.Missing
                | RedisReplaced.NotIndexed ->
                    do! index key record now token
                    return! replace true
                | RedisReplaced.Conflict fields ->
                    match RedisRecord.read fields with
                    | ValueSome current -> return ReplaceResult.Conflict current
                    | ValueNone -> return ReplaceResult.Missing
            }

        replace false

    member _.Touch (key: StoreKey) (idleEnd: DateTimeOffset) (token: CancellationToken) : Task<bool> =
        writes.Touch(keys.Record key, clock.GetUtcNow(), idleEnd, token)

    /// What it removed, in the same step.
    member _.Delete (key: StoreKey) (token: CancellationToken) : Task<SessionRecord voption> =
        task {
            token.ThrowIfCancellationRequested()
            let name = keys.Record key
            let transaction = database.CreateTransaction()
            let fields = transaction.HashGetAllAsync name
            let deleted = transaction.KeyDeleteAsync name
            let! _ = transaction.ExecuteAsync(CommandFlags.DemandMaster).WaitAsync token
            let! _ = deleted
            let! fields = fields
            return RedisRecord.read fields
        }
