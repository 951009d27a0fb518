namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// The servers behind the connection, each asked for itself.
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

    /// Each primary that holds keys: one that cannot be reached raises, since its records would stay.
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

    /// One step through all names of a server, which blocks it for no longer than a thousand names take: the records found,
    /// and where the next step begins; "0": nowhere.
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
            | _ -> return raise (RedisException "SCAN was not answered by a cursor and names.")
        }

    /// What records say of their scope and owner, without the rest. ValueNone: something else than a hash stands there.
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
