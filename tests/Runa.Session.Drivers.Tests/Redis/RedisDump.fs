/// Everything that a Redis server holds.
module internal Runa.Session.Tests.RedisDump

open System
open System.IO
open System.Threading.Tasks
open StackExchange.Redis

/// The names and contents of all keys, as bytes.
let dump (connection: IConnectionMultiplexer) : Task<byte[]> =
    task {
        use all = new MemoryStream()
        let database = connection.GetDatabase()

        let write (value: RedisValue) =
            let bytes: ReadOnlyMemory<byte> = RedisValue.op_Implicit value
            all.Write bytes.Span

        for server in connection.GetServers() do
            for key in server.Keys(pageSize = 1000) do
                write (RedisValue.op_Implicit (string key))

                match! database.KeyTypeAsync key with
                | RedisType.Hash ->
                    let! fields = database.HashGetAllAsync key

                    for field in fields do
                        write field.Name
                        write field.Value
                | RedisType.SortedSet ->
                    let! members = database.SortedSetRangeByRankAsync key
                    members |> Array.iter write
                | _ ->
                    let! value = database.StringGetAsync key
                    write value

        return all.ToArray()
    }
