/// Everything that a Redis server holds.
module internal Runa.Session.Tests.RedisDump

open System
open System.IO
open System.Threading.Tasks
open StackExchange.Redis

let private contents (database: IDatabase) (key: RedisKey) : Task<RedisValue list> =
    task {
        let name: RedisValue = RedisValue.op_Implicit (string key)

        match! database.KeyTypeAsync key with
        | RedisType.SortedSet ->
            let! members = database.SortedSetRangeByRankAsync key
            return name :: List.ofArray members
        | _ ->
            let! value = database.StringGetAsync key
            return [ name; value ]
    }

/// The names and contents of all keys that begin with the prefix, as bytes.
let dump (connection: IConnectionMultiplexer) (prefix: string) : Task<byte[]> =
    task {
        use all = new MemoryStream()
        let database = connection.GetDatabase()

        let keys =
            [ for server in connection.GetServers() do
                  yield! server.Keys(pattern = RedisValue.op_Implicit $"{prefix}*", pageSize = 1000) ]

        let! found = keys |> List.map (contents database) |> Task.WhenAll

        for values in found do
            for value in values do
                let bytes: ReadOnlyMemory<byte> = RedisValue.op_Implicit value
                all.Write bytes.Span

        return all.ToArray()
    }
