namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// The epochs of owners and scopes: numbers that change when all sessions of an owner or scope are ended (promise 27).
[<Sealed>]
type internal RedisEpochs(database: IDatabase, keys: RedisKeys, writes: RedisWrites, eviction: RedisEviction) =
    /// The number of an epoch. A text that somebody else stored there counts as a number too.
    let numberOf (value: RedisValue) : int64 =
        match Int64.TryParse(string value) with
        | true, number -> number
        | _ ->
            let mutable hash = 14695981039346656037UL

            for c in string value do
                hash <- (hash ^^^ uint64 c) * 1099511628211UL

            int64 (hash >>> 1)

    /// The age of an epoch, from the time that the key has left by the server's clock. It is rounded up, since the
    /// server rounds the remaining time down.
    let ageOf (number: int64) (left: TimeSpan) : TimeSpan =
        let since (life: TimeSpan) = life - left + TimeSpan.FromMilliseconds 1.

        if left > RedisEpoch.life then since RedisEpoch.extended
        elif number > 0L then since RedisEpoch.life
        else TimeSpan.MaxValue

    /// Creates the key of an epoch if it is missing. This is needed if the server may evict it: a sign-in reads twice,
    /// and an eviction in between then shows as a change. It is also needed to change an epoch without memory.
    let ensure (mayEvict: bool) (key: RedisKey) : Task<exn voption> =
        task {
            try
                let! _ =
                    database.StringSetAsync(
                        key,
                        RedisEpoch.placeholder mayEvict,
                        Expiration RedisEpoch.life,
                        ValueCondition.NotExists,
                        CommandFlags.DemandMaster
                    )

                return ValueNone
            with error ->
                return ValueSome error
        }

    let read (mayEvict: bool) (token: CancellationToken) (key: RedisKey) : Task<OwnerEpoch> =
        RedisErrors.readTwice (fun () ->
            task {
                token.ThrowIfCancellationRequested()
                let ensuring =
                    if mayEvict || not writes.AreScripts then
                        ensure mayEvict key
                    else
                        Task.FromResult ValueNone

                // The number is read before the age: a change in between then shows in the age.
                let getting = database.StringGetAsync(key, CommandFlags.DemandMaster)
                let! left = database.KeyTimeToLiveAsync(key, CommandFlags.DemandMaster).WaitAsync token
                let! value = getting.WaitAsync token
                let! refused = ensuring.WaitAsync token

                // Without the key, it could be changed and evicted before the second read. A sign-in needs memory
                // anyway, so it fails here.
                if value.IsNull && refused.IsSome then
                    raise refused.Value

                if value.IsNull then
                    return { OwnerEpoch.Number = 0L; OwnerEpoch.Age = TimeSpan.MaxValue }
                else
                    let number = numberOf value
                    let left = if left.HasValue then left.Value else TimeSpan.Zero

                    if left > RedisEpoch.life then
                        let! expires = database.KeyExpireTimeAsync(key, CommandFlags.DemandMaster).WaitAsync token
                        let at = if expires.HasValue then expires.Value.Ticks else 0L
                        return { OwnerEpoch.Number = number ^^^ at; OwnerEpoch.Age = ageOf number left }
                    else
                        return { OwnerEpoch.Number = number; OwnerEpoch.Age = ageOf number left }
            })

    /// The epoch from two keys, which may be on two nodes of a cluster and are read at once.
    member _.Epoch (scope: string) (owner: string) (token: CancellationToken) : Task<OwnerEpoch> =
        task {
            let! mayEvict = eviction.MayEvict token
            let ofScope = read mayEvict token (keys.ScopeEpoch scope)
            let ofOwner = read mayEvict token (keys.OwnerEpoch(scope, owner))
            let! epochs = Task.WhenAll(ofScope, ofOwner)

            return
                { OwnerEpoch.Number = epochs[0].Number ^^^ epochs[1].Number
                  OwnerEpoch.Age = min epochs[0].Age epochs[1].Age }
        }

    member _.Advance (scope: string) (owner: string) (token: CancellationToken) : Task<unit> =
        (writes :> IRedisWrites).Advance(keys.OwnerEpoch(scope, owner), token)

    member _.AdvanceAll (scope: string) (token: CancellationToken) : Task<unit> =
        (writes :> IRedisWrites).Advance(keys.ScopeEpoch scope, token)
