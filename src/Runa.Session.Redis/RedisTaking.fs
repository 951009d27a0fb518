/// Deletes records and advances epochs without Lua, even on a full server, which refuses everything that is queued in a
/// transaction, and everything that could need memory. So each is one command, or several without a transaction.
module internal Runa.Session.RedisTaking

open System
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// Deletes a record and returns it.
let delete (database: IDatabase) (key: RedisKey) (token: CancellationToken) : Task<RedisFound> =
    task {
        token.ThrowIfCancellationRequested()

        try
            let! found = database.StringGetDeleteAsync(key, CommandFlags.DemandMaster).WaitAsync token
            return RedisRecord.find found
        with error when RedisErrors.isWrongType error ->
            token.ThrowIfCancellationRequested()

            match! database.KeyDeleteAsync(key, CommandFlags.DemandMaster).WaitAsync token with
            | true -> return RedisRecord.ofOtherType ()
            | false -> return RedisFound.Nothing
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
