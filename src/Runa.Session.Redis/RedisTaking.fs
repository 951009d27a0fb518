/// Deletes records and advances epochs without Lua, even on a full server, which refuses everything that is queued in a
/// transaction, and everything that could need memory.
module internal Runa.Session.RedisTaking

open System
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

let private found (reading: Task<HashEntry[]>) : Task<RedisFound> =
    task {
        try
            let! fields = reading
            return RedisRecord.find fields
        with error when RedisErrors.isWrongType error ->
            return RedisRecord.ofOtherType ()
    }

/// Deletes the renamed record and returns it. It was renamed by this deletion, or by one that did not finish. If
/// several see it, only one of them returns it.
let private finish (database: IDatabase) (taken: RedisKey) (token: CancellationToken) : Task<RedisFound> =
    task {
        match! (found (database.HashGetAllAsync(taken, CommandFlags.DemandMaster))).WaitAsync token with
        | RedisFound.Nothing -> return RedisFound.Nothing
        | record ->
            match! database.KeyDeleteAsync(taken, CommandFlags.DemandMaster).WaitAsync token with
            | true -> return record
            | false -> return RedisFound.Nothing
    }

/// Deletes a record by renaming it first. A rename needs no memory and is atomic: the record that is read afterwards is
/// the one that was renamed, even if it was replaced by a tombstone just before. It keeps its expiry, so one that is
/// left behind expires.
let private take (database: IDatabase) (key: RedisKey) (taken: RedisKey) (token: CancellationToken) : Task<RedisFound> =
    task {
        let! isRenamed =
            task {
                try
                    return! database.KeyRenameAsync(key, taken, flags = CommandFlags.DemandMaster).WaitAsync token
                with :? RedisServerException as error when error.Message.Contains "no such key" ->
                    return false
            }

        try
            return! finish database taken token
        with :? RedisException as error when isRenamed ->
            return raise (RedisErrors.partly "A session was ended, but its renamed record was not deleted" error)
    }

let delete
    (database: IDatabase)
    (key: RedisKey)
    (taken: unit -> RedisKey)
    (token: CancellationToken)
    : Task<RedisFound> =
    task {
        token.ThrowIfCancellationRequested()
        let transaction = database.CreateTransaction()
        let reading = found (transaction.HashGetAllAsync key)
        let removing = transaction.KeyDeleteAsync key
        RedisErrors.ignored reading
        RedisErrors.ignored removing

        let! isRefused =
            task {
                try
                    let! _ = transaction.ExecuteAsync(CommandFlags.DemandMaster).WaitAsync token
                    return false
                with error when RedisErrors.isFull error ->
                    return true
            }

        if isRefused then
            return! take database key (taken ()) token
        else
            let! _ = removing

            match! reading with
            | RedisFound.Nothing -> return! finish database (taken ()) token
            | record -> return record
    }

/// Changes an epoch on a server that is too full for a new number: the key gets a longer expiry. Each expiry is later
/// than the previous one, so the epoch never takes an earlier value; of two changes in one millisecond the second
/// waits.
let rec private extend (database: IDatabase) (key: RedisKey) (tries: int) (token: CancellationToken) : Task<bool> =
    task {
        let longer =
            database.KeyExpireAsync(
                key,
                Nullable RedisEpoch.extended,
                ExpireWhen.GreaterThanCurrentExpiry,
                CommandFlags.DemandMaster
            )

        match! longer.WaitAsync token with
        | true -> return true
        | false when tries > 0 ->
            match! database.KeyExistsAsync(key, CommandFlags.DemandMaster).WaitAsync token with
            | true ->
                do! Task.Delay(1, token)
                return! extend database key (tries - 1) token
            | false -> return false
        | false -> return false
    }

let advance (database: IDatabase) (key: RedisKey) (token: CancellationToken) : Task<unit> =
    task {
        token.ThrowIfCancellationRequested()

        try
            let! _ =
                database
                    .StringSetAsync(
                        key,
                        RedisEpoch.ofRevocation (),
                        Expiration RedisEpoch.life,
                        flags = CommandFlags.DemandMaster
                    )
                    .WaitAsync
                    token

            ()
        with error when RedisErrors.isFull error ->
            match! extend database key 10 token with
            | true -> ()
            // There is no key whose expiry could be changed.
            | false -> return raise error
    }
