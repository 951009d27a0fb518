namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// Writes without Lua: reads, then runs MULTI/EXEC on the condition that the value has not changed. One to three round
/// trips each.
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

    let milliseconds (life: int64) = TimeSpan.FromMilliseconds(float life)

    /// Sets the expiry of a key, but never shortens it.
    let lengthen (transaction: ITransaction) (key: RedisKey) (life: int64) : Task =
        transaction.KeyExpireAsync(key, Nullable(milliseconds life), ExpireWhen.GreaterThanCurrentExpiry)

    let set (writer: IDatabaseAsync) (write: RedisWrite) (value: RedisValue) (expiry: Expiration) only : Task<bool> =
        writer.StringSetAsync(write.Key, value, expiry, only, CommandFlags.DemandMaster)

    /// Replaces the value. Unless the end moves earlier, the expiry is never shortened.
    let put (write: RedisWrite) value life isEarlier (transaction: ITransaction) : Task list =
        if isEarlier then
            [ set transaction write value (Expiration(milliseconds life)) ValueCondition.Always ]
        else
            [ set transaction write value Expiration.KeepTtl ValueCondition.Always
              lengthen transaction write.Key life ]

    let time at (value: RedisValue) = RedisHead.between at (at + RedisHead.timeLength) value

    /// Compares times as texts, as the scripts do.
    let isUntil (limit: string) (time: string) = String.CompareOrdinal(time, limit) <= 0

    /// The earlier of both ends of a value.
    let endOf (value: RedisValue) =
        let until, idle = time RedisHead.expiresAt value, time RedisHead.idleExpiresAt value
        if isUntil until idle then idle else until

    let isExpired now (value: RedisValue) = isUntil (RedisHead.time now) (endOf value)

    let isIndexDue now (value: RedisValue) =
        let struct (stale, ahead) = RedisRecord.renewal now
        let indexed = time RedisHead.indexed value
        isUntil (RedisHead.time stale) indexed || not (isUntil (RedisHead.time ahead) indexed)

    let versionOf (value: RedisValue) =
        RedisHead.between RedisHead.versionAt (RedisHead.versionAt + RedisHead.versionLength) value

    /// The value with another text at a place.
    let splice (at: int) (text: string) (value: byte[]) : RedisValue =
        let value = Array.copy value
        Text.Encoding.ASCII.GetBytes(text, 0, text.Length, value, at) |> ignore
        RedisValue.op_Implicit value

    /// Whether the owner's index lists the new record, too, as far as the old one says.
    let isListed (write: RedisWrite) (found: RedisValue) =
        let written: RedisValue = RedisValue.op_Implicit write.Value
        let whose = RedisHead.between RedisHead.scopeLengthAt write.HeadLength

        RedisHead.headLength found = write.HeadLength
        && whose found = whose written
        && isUntil (time RedisHead.expiresAt found) (time RedisHead.expiresAt written)

    let read (key: RedisKey) (token: CancellationToken) =
        token.ThrowIfCancellationRequested()
        database.StringGetAsync(key, CommandFlags.DemandMaster).WaitAsync token

    let lives (now: DateTimeOffset) (ends: DateTimeOffset) token =
        task {
            let! now = clock.Earlier(now, token)
            return RedisRecord.timeToLive now ends
        }

    interface IRedisWrites with
        member _.Create(write, token) =
            task {
                let! life = lives write.Now write.EndsAt token
                token.ThrowIfCancellationRequested()
                let value = RedisValue.op_Implicit write.Value
                let expiry = Expiration(milliseconds life)
                return! (set database write value expiry ValueCondition.NotExists).WaitAsync token
            }

        member writes.Replace(expected, isIndexed, write, token) =
            task {
                let! found = read write.Key token

                if found.IsNull then
                    return RedisReplaced.Missing
                elif not (RedisHead.isSound found) then
                    return RedisReplaced.Conflict found
                elif isExpired write.Now found then
                    return RedisReplaced.Missing
                elif versionOf found <> RedisHead.version expected then
                    return RedisReplaced.Conflict found
                elif write.HasOwner && not isIndexed && not (isListed write found) then
                    return RedisReplaced.NotIndexed
                else
                    let isDue = write.HasOwner && not isIndexed && isIndexDue write.Now found

                    let value =
                        if write.HasOwner && not isIndexed && not isDue then
                            splice RedisHead.indexed (time RedisHead.indexed found) write.Value
                        else
                            RedisValue.op_Implicit write.Value

                    let isEarlier = String.CompareOrdinal(RedisHead.time write.EndsAt, endOf found) < 0
                    let! life = lives write.Now write.EndsAt token

                    match!
                        commit [ Condition.StringEqual(write.Key, found) ] token (put write value life isEarlier)
                    with
                    | true when isDue -> return RedisReplaced.IndexDue
                    | true -> return RedisReplaced.Replaced
                    // Another write or a touch, which the next read finds.
                    | false -> return! (writes :> IRedisWrites).Replace(expected, isIndexed, write, token)
            }

        member writes.Touch(key, now, idleExpiresAt, token) =
            task {
                let! found =
                    task {
                        try
                            return! read key token
                        with error when RedisErrors.isWrongType error ->
                            return RedisValue.Null
                    }

                if found.IsNull || not (RedisHead.isSound found) || isExpired now found then
                    return RedisTouched.Missing
                else
                    let until = time RedisHead.expiresAt found
                    let before = time RedisHead.idleExpiresAt found
                    let wanted = RedisHead.time idleExpiresAt
                    let idle = if isUntil until wanted then wanted else until

                    if before <> RedisHead.never && isUntil before idle then
                        return RedisTouched.Touched
                    else
                        let isDue = RedisHead.hasOwner found && isIndexDue now found
                        let! life = lives now idleExpiresAt token
                        let text = if isDue then $"{idle} {RedisHead.time now}" else idle

                        let move (transaction: ITransaction) : Task list =
                            [ transaction.StringSetRangeAsync(key, RedisHead.idleExpiresAt, RedisValue.op_Implicit text)
                              lengthen transaction key life ]

                        match! commit [ Condition.StringEqual(key, found) ] token move with
                        | true when isDue -> return RedisTouched.due found
                        | true -> return RedisTouched.Touched
                        | false -> return! (writes :> IRedisWrites).Touch(key, now, idleExpiresAt, token)
            }

        member _.Delete(key, token) = RedisTaking.delete database (keys.Record key) token

        /// Adds an index entry. The set's expiry is set if it has none, and otherwise only moves later, since its
        /// latest member is not known here.
        member _.Index(entry, token) =
            task {
                let! life = lives entry.Now entry.EndsAt token
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
                      transaction.KeyExpireAsync(entry.Owners, Nullable(milliseconds life), ExpireWhen.HasNoExpiry)
                      lengthen transaction entry.Owners life
                      ended ]

                let! _ = commit [] token add
                return! ended
            }

        member _.Advance(key, token) = RedisTaking.advance database key token
