namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// The same writes without Lua: read, then MULTI/EXEC on the condition that the version is still the one that was read.
/// Two or three round trips each.
[<Sealed>]
type internal RedisTransactions(database: IDatabase) =
    /// Those commands in one go, if the conditions hold; false: they do not, or another client was at the key meanwhile.
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
                // A command that failed in between did not undo the others.
                do! Task.WhenAll answers
                return true
            | false -> return false
        }

    let expire (transaction: ITransaction) (key: RedisKey) (milliseconds: int64) : Task =
        transaction.KeyExpireAsync(key, Nullable(TimeSpan.FromMilliseconds(float milliseconds)))

    let put (write: RedisWrite) (transaction: ITransaction) : Task list =
        let optional field (value: RedisValue) = if value.IsNull then [] else [ HashEntry(field, value) ]

        let fields =
            [ HashEntry(RedisField.version, write.Version)
              HashEntry(RedisField.record, write.Record)
              HashEntry(RedisField.until, write.Until) ]
            @ optional RedisField.idle write.Idle
            @ optional RedisField.owner write.Owner

        let gone =
            [| if write.Idle.IsNull then
                   RedisField.idle
               if write.Owner.IsNull then
                   RedisField.owner |]

        [ transaction.HashSetAsync(write.Key, List.toArray fields)
          if gone.Length > 0 then
              transaction.HashDeleteAsync(write.Key, gone) :> Task
          expire transaction write.Key write.TimeToLive ]

    let ofField (fields: HashEntry[]) (name: RedisValue) =
        fields
        |> Array.tryFind (fun field -> field.Name = name)
        |> Option.map _.Value
        |> Option.defaultValue RedisValue.Null

    /// As the scripts compare them: as texts.
    let isUntil (now: DateTimeOffset) (time: RedisValue) =
        not time.IsNull && String.CompareOrdinal(string time, string (RedisRecord.time now)) <= 0

    let isExpired now (fields: HashEntry[]) =
        isUntil now (ofField fields RedisField.until) || isUntil now (ofField fields RedisField.idle)

    let read (key: RedisKey) (token: CancellationToken) =
        token.ThrowIfCancellationRequested()
        database.HashGetAllAsync(key, CommandFlags.DemandMaster).WaitAsync token

    let still (key: RedisKey) (field: RedisValue) (found: RedisValue) =
        if found.IsNull then
            Condition.HashNotExists(key, field)
        else
            Condition.HashEqual(key, field, found)

    interface IRedisWrites with
        member _.Create(write, token) = commit [ Condition.KeyNotExists write.Key ] token (put write)

        member writes.Replace(expected, now, isIndexed, write, token) =
            task {
                let! fields = read write.Key token
                let found = ofField fields RedisField.version
                let until = ofField fields RedisField.until

                if fields.Length = 0 then
                    return RedisReplaced.Missing
                elif found.IsNull || until.IsNull then
                    return RedisReplaced.Conflict fields
                elif isExpired now fields then
                    return RedisReplaced.Missing
                elif found <> RedisRecord.version expected then
                    return RedisReplaced.Conflict fields
                elif
                    not write.Owner.IsNull
                    && not isIndexed
                    && (ofField fields RedisField.owner <> write.Owner
                        || String.CompareOrdinal(string until, string write.Until) < 0)
                then
                    return RedisReplaced.NotIndexed
                else
                    match! commit [ still write.Key RedisField.version found ] token (put write) with
                    | true -> return RedisReplaced.Replaced
                    // Another write, which the next look finds; or a touch, which changes no version.
                    | false -> return! (writes :> IRedisWrites).Replace(expected, now, isIndexed, write, token)
            }

        member writes.Touch(key, now, idleEnd, token) =
            task {
                let! fields = read key token
                let version = ofField fields RedisField.version
                let until = ofField fields RedisField.until
                let before = ofField fields RedisField.idle
                let later = RedisRecord.time idleEnd
                let idle = if String.CompareOrdinal(string later, string until) > 0 then until else later

                if version.IsNull || until.IsNull || isExpired now fields then
                    return false
                elif not before.IsNull && String.CompareOrdinal(string before, string idle) >= 0 then
                    return true
                else
                    let move (transaction: ITransaction) : Task list =
                        [ transaction.HashSetAsync(key, RedisField.idle, idle)
                          expire transaction key (RedisRecord.timeToLive now idleEnd) ]

                    // The idle end too: another touch may have moved it past this one.
                    let conditions = [ still key RedisField.version version; still key RedisField.idle before ]

                    match! commit conditions token move with
                    | true -> return true
                    | false -> return! (writes :> IRedisWrites).Touch(key, now, idleEnd, token)
            }

        /// The set's own expiry is set if it has none, and then only ever later: its latest member is known to nobody here.
        member _.Index(owners, member', now, ends, token) =
            task {
                let score = float (ends.ToUnixTimeMilliseconds())
                let life = Nullable(TimeSpan.FromMilliseconds(float (RedisRecord.timeToLive now ends)))

                let add (transaction: ITransaction) : Task list =
                    [ transaction.SortedSetAddAsync(owners, member', score, SortedSetWhen.GreaterThan)
                      transaction.SortedSetRemoveRangeByScoreAsync(
                          owners,
                          Double.NegativeInfinity,
                          float (now.ToUnixTimeMilliseconds()),
                          Exclude.Stop
                      )
                      transaction.KeyExpireAsync(owners, life, ExpireWhen.HasNoExpiry)
                      transaction.KeyExpireAsync(owners, life, ExpireWhen.GreaterThanCurrentExpiry) ]

                let! _ = commit [] token add
                ()
            }
