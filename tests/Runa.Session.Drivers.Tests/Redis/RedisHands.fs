/// What the conformance suite does to a Redis server behind the driver's back.
module internal Runa.Session.Tests.RedisHands

open System
open System.Threading.Tasks
open StackExchange.Redis
open Runa.Session

let private text (value: string) : RedisValue = RedisValue.op_Implicit value

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
            let! indexed = database.HashGetAsync(record, text "indexed")

            match DateTimeOffset.TryParse(string indexed) with
            | true, at ->
                let before = at.UtcDateTime.AddMinutes(-2.).ToString "O"
                let! _ = database.HashSetAsync(record, text "indexed", text before)
                ()
            | _ -> ()

        let! _ = database.KeyDeleteAsync name
        ()
    }

/// The document of a record, without what stands beside it.
let rewrite
    (connection: IConnectionMultiplexer)
    (prefix: string)
    (key: StoreKey)
    (change: byte[] -> byte[])
    : Task<unit> =
    task {
        let database = connection.GetDatabase()
        let name = nameOf prefix (StoreKey.toText key)
        let! document = database.HashGetAsync(name, text "record")
        let bytes: byte[] | null = RedisValue.op_Implicit document
        let! _ = database.HashSetAsync(name, text "record", RedisValue.op_Implicit (change (nonNull bytes)))
        ()
    }
