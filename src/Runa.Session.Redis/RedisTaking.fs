/// Ending without Lua, on a server that may be full: it then refuses whatever is queued in a transaction, and whatever could
/// need memory.
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

/// What was renamed: by this deletion, or by one that did not come to its end. Of several that see it, one removes it.
let private finish (database: IDatabase) (taken: RedisKey) (token: CancellationToken) : Task<RedisFound> =
    task {
        match! (found (database.HashGetAllAsync(taken, CommandFlags.DemandMaster))).WaitAsync token with
        | RedisFound.Nothing -> return RedisFound.Nothing
        | record ->
            match! database.KeyDeleteAsync(taken, CommandFlags.DemandMaster).WaitAsync token with
            | true -> return record
            | false -> return RedisFound.Nothing
    }

/// Renaming needs no memory and is atomic: what was there at that moment is what is read afterwards, though it was replaced
/// by a tombstone just before. It keeps its expiry, so that one that is left behind goes by itself.
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
            return raise (RedisErrors.partly "A session was taken away, but not removed" error)
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

/// The key's longer life stands for a new number where the server is too full for one. Greater than before, so that it never
/// was what it becomes: of two in one millisecond the later one waits.
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
            // Nothing that could be changed is there.
            | false -> return raise error
    }
