/// What the conformance suite does to a Redis server behind the driver's back.
module internal Runa.Session.Tests.RedisHands

open System
open System.Threading.Tasks
open StackExchange.Redis
open Runa.Session

let private nameOf (prefix: string) (key: string) : RedisKey = RedisKey.op_Implicit $"{prefix}s:{key}"

/// As a server that evicts, or whose time has come.
let dropRecord (connection: IConnectionMultiplexer) (prefix: string) (key: StoreKey) : Task<unit> =
    task {
        let! _ = connection.GetDatabase().KeyDeleteAsync(nameOf prefix (StoreKey.toText key))
        ()
    }

/// As a server that evicts. The index was written longer ago than a minute, for which its entries count as fresh.
let dropIndex (connection: IConnectionMultiplexer) (prefix: string) (scope: string) (owner: string) : Task<unit> =
    task {
        let database = connection.GetDatabase()
        let name: RedisKey = RedisKey.op_Implicit $"{prefix}o:{scope.Length}:{scope}:{owner}"
        let! members = database.SortedSetRangeByRankAsync name

        for key in members do
            let record = nameOf prefix (string key)
            let! value = database.StringGetAsync record
            let text = string value

            if text.Length > RedisHead.fixedLength then
                match DateTimeOffset.TryParse(text.Substring(RedisHead.indexed, RedisHead.timeLength)) with
                | true, at ->
                    let before = RedisHead.time (at.AddMinutes -2.)
                    let! _ = database.StringSetRangeAsync(record, RedisHead.indexed, RedisValue.op_Implicit before)
                    ()
                | _ -> ()

        let! _ = database.KeyDeleteAsync name
        ()
    }

/// The document of a record, but not its head.
let rewrite
    (connection: IConnectionMultiplexer)
    (prefix: string)
    (key: StoreKey)
    (change: byte[] -> byte[])
    : Task<unit> =
    task {
        let database = connection.GetDatabase()
        let name = nameOf prefix (StoreKey.toText key)
        let! value = database.StringGetAsync name
        let bytes = nonNull (RedisValue.op_Implicit value: byte[] | null)
        let head = RedisHead.headLength value
        let changed = Array.append bytes[.. head - 1] (change bytes[head..])
        let! _ = database.StringSetAsync(name, RedisValue.op_Implicit changed, Expiration.KeepTtl)
        ()
    }
