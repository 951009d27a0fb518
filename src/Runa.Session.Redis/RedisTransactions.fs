namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// Writes without Lua: reads, then runs MULTI/EXEC on the condition that the version has not changed. Two or three
/// round trips each.
[<Sealed>]
type internal RedisTransactions(database: IDatabase, keys: RedisKeys) =
    let clock = RedisClock database

    /// Runs the commands in one transaction if the conditions hold. Returns false if they do not, or if another client
    /// changed the key meanwhile.
    let commit
        (conditions: Condition list)
        (token: CancellationToken)
        (commands: ITransaction -> Task list)
        : Task<bool> =
        task {
            token.ThrowIfCancellationRequested()
            let transaction = database.CreateTransaction()

            for condition in conditions do
                transaction.AddCondition condition |> ignore

            let answers = commands transaction

            match! transaction.ExecuteAsync(CommandFlags.DemandMaster).WaitAsync token with
            | true ->
                try
                    do! Task.WhenAll answers
                with error ->
                    // A command that fails does not undo the others.
                    raise (RedisErrors.partly "A command of a transaction failed, the others took effect" error)

                return true
            | false -> return false
        }

    let milliseconds (life: int64) = Nullable(TimeSpan.FromMilliseconds(float life))

    /// Sets the expiry of a key. Unless the end moves earlier, the expiry is never shortened.
    let expire (transaction: ITransaction) (key: RedisKey) (life: int64) (isEarlier: bool) : Task =
        transaction.KeyExpireAsync(
            key,
            milliseconds life,
            (if isEarlier then ExpireWhen.Always else ExpireWhen.GreaterThanCurrentExpiry)
        )

    let put (write: RedisWrite) (indexed: RedisValue) life isEarlier (transaction: ITransaction) : Task list =
        let optional field (value: RedisValue) = if value.IsNull then [] else [ HashEntry(field, value) ]

        let fields =
            [ HashEntry(RedisField.version, write.Version)
              HashEntry(RedisField.record, write.Record)
              HashEntry(RedisField.expiresAt, write.ExpiresAt)
              HashEntry(RedisField.scope, write.Scope) ]
            @ optional RedisField.idleExpiresAt write.IdleExpiresAt
            @ optional RedisField.owner write.Owner
            @ optional RedisField.indexed indexed

        let gone =
            [| if write.IdleExpiresAt.IsNull then
                   RedisField.idleExpiresAt
               if write.Owner.IsNull then
                   RedisField.owner
                   RedisField.indexed |]

        [ transaction.HashSetAsync(write.Key, List.toArray fields)
          if gone.Length > 0 then
              transaction.HashDeleteAsync(write.Key, gone) :> Task
          expire transaction write.Key life isEarlier ]

    /// Compares times as texts, as the scripts do.
    let isUntil (limit: RedisValue) (time: RedisValue) =
        not time.IsNull && String.CompareOrdinal(string time, string limit) <= 0

    let isExpired now (fields: HashEntry[]) =
        let limit = RedisRecord.time now

        isUntil limit (RedisField.value RedisField.expiresAt fields)
        || isUntil limit (RedisField.value RedisField.idleExpiresAt fields)

    let isIndexDue now (fields: HashEntry[]) =
        let struct (stale, ahead) = RedisRecord.renewal now
        let indexed = RedisField.value RedisField.indexed fields

        indexed.IsNull
        || isUntil (RedisRecord.time stale) indexed
        || not (isUntil (RedisRecord.time ahead) indexed)

    let read (key: RedisKey) (token: CancellationToken) =
        token.ThrowIfCancellationRequested()
        database.HashGetAllAsync(key, CommandFlags.DemandMaster).WaitAsync token

    let still (key: RedisKey) (field: RedisValue) (found: RedisValue) =
        if found.IsNull then
            Condition.HashNotExists(key, field)
        else
            Condition.HashEqual(key, field, found)

    let lives (now: DateTimeOffset) (ends: DateTimeOffset) token =
        task {
            let! now = clock.Earlier(now, token)
            return RedisRecord.timeToLive now ends
        }

    /// The earlier of two ends, as text.
    let earlier (until: RedisValue) (idle: RedisValue) = if isUntil until idle then idle else until

    interface IRedisWrites with
        member _.Create(write, token) =
            task {
                let! life = lives write.Now write.EndsAt token
                let indexed = if write.Owner.IsNull then RedisValue.Null else RedisRecord.time write.Now
                return! commit [ Condition.KeyNotExists write.Key ] token (put write indexed life true)
            }

        member writes.Replace(expected, isIndexed, write, token) =
            task {
                let! fields = read write.Key token
                let found = RedisField.value RedisField.version fields
                let until = RedisField.value RedisField.expiresAt fields

                if fields.Length = 0 then
                    return RedisReplaced.Missing
                elif found.IsNull || until.IsNull then
                    return RedisReplaced.Conflict fields
                elif isExpired write.Now fields then
                    return RedisReplaced.Missing
                elif found <> RedisRecord.version expected then
                    return RedisReplaced.Conflict fields
                elif
                    not write.Owner.IsNull
                    && not isIndexed
                    && (RedisField.value RedisField.owner fields <> write.Owner
                        || RedisField.value RedisField.scope fields <> write.Scope
                        || String.CompareOrdinal(string until, string write.ExpiresAt) < 0)
                then
                    return RedisReplaced.NotIndexed
                else
                    let isDue = not write.Owner.IsNull && not isIndexed && isIndexDue write.Now fields

                    let indexed =
                        if write.Owner.IsNull then RedisValue.Null
                        elif isDue || isIndexed then RedisRecord.time write.Now
                        else RedisField.value RedisField.indexed fields

                    let before = earlier until (RedisField.value RedisField.idleExpiresAt fields)
                    let isEarlier = String.CompareOrdinal(string (RedisRecord.time write.EndsAt), string before) < 0
                    let! life = lives write.Now write.EndsAt token

                    match!
                        commit [ still write.Key RedisField.version found ] token (put write indexed life isEarlier)
                    with
                    | true when isDue -> return RedisReplaced.IndexDue
                    | true -> return RedisReplaced.Replaced
                    // Another write, which the next read finds, or a touch, which does not change the version.
                    | false -> return! (writes :> IRedisWrites).Replace(expected, isIndexed, write, token)
            }

        member writes.Touch(key, now, idleExpiresAt, token) =
            task {
                let! fields =
                    task {
                        try
                            return! read key token
                        with error when RedisErrors.isWrongType error ->
                            return [||]
                    }

                let version = RedisField.value RedisField.version fields
                let until = RedisField.value RedisField.expiresAt fields
                let before = RedisField.value RedisField.idleExpiresAt fields
                let idle = earlier until (RedisRecord.time idleExpiresAt)

                if version.IsNull || until.IsNull || isExpired now fields then
                    return RedisTouched.Missing
                elif not before.IsNull && String.CompareOrdinal(string before, string idle) >= 0 then
                    return RedisTouched.Touched
                else
                    let scope = RedisField.value RedisField.scope fields
                    let owner = RedisField.value RedisField.owner fields
                    let isDue = not scope.IsNull && not owner.IsNull && isIndexDue now fields
                    let! life = lives now idleExpiresAt token

                    let move (transaction: ITransaction) : Task list =
                        [ transaction.HashSetAsync(
                              key,
                              [| HashEntry(RedisField.idleExpiresAt, idle)
                                 if isDue then
                                     HashEntry(RedisField.indexed, RedisRecord.time now) |]
                          )
                          expire transaction key life false ]

                    // The idle end is a condition too: another touch may have moved it past this one.
                    let conditions = [ still key RedisField.version version; still key RedisField.idleExpiresAt before ]

                    match! commit conditions token move with
                    | true when isDue -> return RedisTouched.due scope owner until
                    | true -> return RedisTouched.Touched
                    | false -> return! (writes :> IRedisWrites).Touch(key, now, idleExpiresAt, token)
            }

        member _.Delete(key, token) = RedisTaking.delete database (keys.Record key) (fun () -> keys.Taken key) token

        /// Adds an index entry. The set's expiry is set if it has none, and otherwise only moves later, since its
        /// latest member is not known here.
        member _.Index(entry, token) =
            task {
                let! life = lives entry.Now entry.EndsAt token
                let life = milliseconds life
                let mutable ended = Task.FromResult [||]

                let add (transaction: ITransaction) : Task list =
                    ended <-
                        transaction.SortedSetRangeByScoreAsync(
                            entry.Owners,
                            Double.NegativeInfinity,
                            entry.Ended,
                            take = 100
                        )

                    [ transaction.SortedSetAddAsync(entry.Owners, entry.Member, entry.Score, SortedSetWhen.GreaterThan)
                      transaction.KeyExpireAsync(entry.Owners, life, ExpireWhen.HasNoExpiry)
                      transaction.KeyExpireAsync(entry.Owners, life, ExpireWhen.GreaterThanCurrentExpiry)
                      ended ]

                let! _ = commit [] token add
                return! ended
            }

        member _.Advance(key, token) = RedisTaking.advance database key token
