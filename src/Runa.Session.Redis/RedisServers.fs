namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// Calls the single servers behind the connection.
[<Sealed>]
type internal RedisServers(database: IDatabase, keys: RedisKeys) =
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

    /// The scopes and owners of records, without their content. ValueNone: the key does not hold a hash.
    member _.Whose
        (wanted: StoreKey list, token: CancellationToken)
        : Task<struct (StoreKey * struct (RedisValue * RedisValue) voption)[]> =
        let fields = [| RedisField.scope; RedisField.owner |]

        let whose (key: StoreKey) =
            task {
                try
                    let! found =
                        RedisErrors.readTwice (fun () ->
                            database.HashGetAsync(keys.Record key, fields, CommandFlags.DemandMaster).WaitAsync token)

                    return struct (key, ValueSome(struct (found[0], found[1])))
                with error when RedisErrors.isWrongType error ->
                    return struct (key, ValueNone)
            }

        token.ThrowIfCancellationRequested()
        wanted |> List.map whose |> Task.WhenAll
