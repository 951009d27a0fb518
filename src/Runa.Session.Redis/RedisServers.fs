namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// Calls the single servers behind the connection.
[<Sealed>]
type internal RedisServers(database: IDatabase, keys: RedisKeys) =
    // Enough for the heads of almost all records.
    let usualLength = 512

    let noPrimary () : exn =
        RedisConnectionException(
            ConnectionFailureType.UnableToConnect,
            CommandFlags.DemandMaster,
            "No primary Redis server is connected.",
            null,
            CommandStatus.WaitingToBeSent
        )

    /// All primaries that hold keys. One that cannot be reached is included, so that a call to it raises: its records
    /// would be missed otherwise.
    member _.Primaries() : IServer list =
        let servers = database.Multiplexer.GetServers() |> List.ofArray

        let inCluster =
            servers
            |> List.tryPick (fun server ->
                if server.IsConnected && server.ServerType = ServerType.Cluster then
                    Option.ofObj server.ClusterConfiguration
                else
                    None)

        match inCluster with
        | Some cluster ->
            [ for node in cluster.Nodes do
                  match node.EndPoint with
                  | null -> ()
                  | endPoint when not node.IsReplica && node.Slots.Count > 0 -> database.Multiplexer.GetServer endPoint
                  | _ -> () ]
        | None ->
            match servers |> List.filter (fun server -> server.IsConnected && not server.IsReplica) with
            | [] -> raise (noPrimary ())
            | connected -> connected

    /// One step through all keys of a server, which blocks it for about a thousand keys only. Returns the records found
    /// and the next cursor; "0": there is no next step.
    member _.Scan(server: IServer, cursor: string, token: CancellationToken) : Task<struct (string * StoreKey list)> =
        task {
            token.ThrowIfCancellationRequested()
            let arguments: obj[] = [| cursor; "MATCH"; keys.AllRecords; "COUNT"; 1000 |]

            let! answer =
                RedisErrors.readTwice (fun () ->
                    server
                        .ExecuteAsync(Nullable database.Database, "SCAN", arguments, CommandFlags.DemandMaster)
                        .WaitAsync
                        token)

            match RedisResult.op_Explicit answer: RedisResult[] | null with
            | [| next; names |] ->
                match RedisResult.op_Explicit names: RedisValue[] | null with
                | null -> return struct (string next, [])
                | names -> return struct (string next, names |> Seq.choose (string >> keys.TryStoreKey) |> List.ofSeq)
            | _ -> return raise (RedisException "The Redis server answered SCAN without a cursor and keys.")
        }

    /// Whose these records are, without their content. ValueNone: the key holds nothing, or nothing that says so.
    member _.Whose(wanted: StoreKey list, token: CancellationToken) : Task<struct (StoreKey * RedisWhose voption)[]> =
        let beginning (key: StoreKey) (length: int) =
            RedisErrors.readTwice (fun () ->
                database
                    .StringGetRangeAsync(keys.Record key, 0L, int64 length - 1L, CommandFlags.DemandMaster)
                    .WaitAsync
                    token)

        let whose (key: StoreKey) =
            task {
                try
                    let! head = beginning key usualLength
                    let length = RedisHead.headLength head

                    if length <= usualLength then
                        return struct (key, RedisHead.whose head)
                    else
                        let! head = beginning key length
                        return struct (key, RedisHead.whose head)
                with error when RedisErrors.isWrongType error ->
                    return struct (key, ValueNone)
            }

        token.ThrowIfCancellationRequested()
        wanted |> List.map whose |> Task.WhenAll
