namespace Runa.Session

open System
open System.Globalization
open System.IO
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// A place in a sorted set: after this member of this score. A rank would move as others are added and trimmed.
[<Struct>]
type internal OwnerPlace =
    { Score: int64
      Member: string }

    static member First = { Score = Int64.MinValue; Member = "" }

    member place.IsBefore(other: OwnerPlace) =
        place.Score < other.Score
        || (place.Score = other.Score && String.CompareOrdinal(place.Member, other.Member) < 0)

    member place.Text = place.Score.ToString CultureInfo.InvariantCulture + ":" + place.Member

    /// Raises ArgumentException for a text that no page named.
    static member Parse(text: string) : OwnerPlace =
        let colon = text.IndexOf ':'

        match
            Int64.TryParse(text.AsSpan(0, max 0 colon), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
        with
        | true, score -> { Score = score; Member = text.Substring(colon + 1) }
        | _ -> raise (ArgumentException("The place of a listing is the one that the page before named.", nameof text))

/// The owner index: sorted sets of store keys, and epochs.
[<Sealed>]
type internal RedisOwners(store: RedisStore) =
    let pageSize = 100
    // A sign-in is never under way for this long.
    let epochLife = TimeSpan.FromDays 1.
    let database = store.Database

    let score (place: OwnerPlace) =
        if place.Score = Int64.MinValue then
            Double.NegativeInfinity
        else
            float place.Score

    /// The next members after a place, one more than a page. Read from the place's score on, as many as it takes: an offset
    /// would skip a living entry when one before it is trimmed.
    let rec after
        (owners: RedisKey)
        (place: OwnerPlace)
        (take: int)
        (token: CancellationToken)
        : Task<OwnerPlace list> =
        task {
            let! entries =
                database
                    .SortedSetRangeByScoreWithScoresAsync(
                        owners,
                        score place,
                        take = int64 take,
                        flags = CommandFlags.DemandMaster
                    )
                    .WaitAsync
                    token

            let found =
                [ for entry in entries do
                      let here = { Score = int64 entry.Score; Member = string entry.Element }

                      if place.IsBefore here then
                          here ]

            if found.Length <= pageSize && entries.Length = take then
                return! after owners place (take * 2) token
            else
                return List.truncate (pageSize + 1) found
        }

    let load (token: CancellationToken) (key: StoreKey) =
        task {
            let! record = store.Load key token
            return struct (key, record)
        }

    let advance (key: RedisKey) : Task<bool> =
        let epoch = Random.Shared.NextInt64(1L, Int64.MaxValue)
        database.StringSetAsync(key, RedisValue.op_Implicit epoch, Expiration epochLife)

    let epoch (key: RedisKey) : Task<int64> =
        task {
            let! value = database.StringGetAsync(key, CommandFlags.DemandMaster)
            return if value.IsNull then 0L else RedisValue.op_Explicit value
        }

    /// Of each primary that holds keys: one that cannot be reached raises, since its records would stay.
    let primaries () : IServer list =
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
            | [] ->
                raise (
                    RedisConnectionException(
                        ConnectionFailureType.UnableToConnect,
                        CommandFlags.DemandMaster,
                        "No primary Redis server is connected.",
                        null,
                        CommandStatus.Unknown
                    )
                )
            | connected -> connected

    let rec delete (now: DateTimeOffset) (key: StoreKey) (token: CancellationToken) : Task<int> =
        task {
            match! store.Delete key token with
            | ValueSome { Kind = RecordKind.Moved successor } -> return! delete now successor token
            | ValueSome record when not (SessionRecord.isExpired now record) -> return 1
            | _ -> return 0
        }

    /// Deletes those of the scope. A record that cannot be read is kept, and told once all others are gone.
    let deleteThose
        (scope: string)
        (keys: StoreKey list)
        (token: CancellationToken)
        : Task<struct (int * exn voption)> =
        task {
            let mutable deleted = 0
            let mutable fault = ValueNone

            for loading in keys |> List.map (load token) do
                try
                    match! loading with
                    | struct (key, ValueSome record) when record.Scope = scope ->
                        let! count = delete store.Now key token
                        deleted <- deleted + count
                    | _ -> ()
                with :? InvalidDataException as error ->
                    fault <- ValueSome(error :> exn)

            return struct (deleted, fault)
        }

    member _.List (scope: string) (owner: string) (from: string option) (token: CancellationToken) : Task<OwnedPage> =
        task {
            let place = from |> Option.map OwnerPlace.Parse |> Option.defaultValue OwnerPlace.First
            let! found = after (store.Keys.Owner(scope, owner)) place (pageSize + 1) token
            let page = List.truncate pageSize found
            let! loaded = page |> List.choose (_.Member >> StoreKey.ofText) |> List.map (load token) |> Task.WhenAll
            let now = store.Now

            return
                { OwnedPage.Items =
                    [ for struct (key, record) in loaded do
                          match record with
                          | ValueSome record when
                              record.Scope = scope
                              && record.State.Owner = Some owner
                              && not (SessionRecord.isExpired now record)
                              ->
                              ({ Key = key; Record = record }: OwnedRecord)
                          | _ -> () ]
                  OwnedPage.Unreadable = []
                  OwnedPage.Next = if found.Length > pageSize then List.tryLast page |> Option.map _.Text else None }
        }

    /// Two keys, of two places in a cluster, asked for at once.
    member _.Epoch (scope: string) (owner: string) (token: CancellationToken) : Task<OwnerEpoch> =
        task {
            let ofScope = epoch (store.Keys.ScopeEpoch scope)
            let ofOwner = epoch (store.Keys.OwnerEpoch(scope, owner))
            let! epochs = Task.WhenAll(ofScope, ofOwner).WaitAsync token
            return ({ Number = epochs[0] ^^^ epochs[1]; Age = TimeSpan.MaxValue }: OwnerEpoch)
        }

    member _.Advance (scope: string) (owner: string) (token: CancellationToken) : Task =
        (advance (store.Keys.OwnerEpoch(scope, owner))).WaitAsync token

    member _.DeleteAll (scope: string) (token: CancellationToken) : Task<int> =
        task {
            let! _ = (advance (store.Keys.ScopeEpoch scope)).WaitAsync token
            let mutable deleted = 0
            let mutable fault = ValueNone
            let pattern = RedisValue.op_Implicit store.Keys.AllRecords

            for server in primaries () do
                let names = server.KeysAsync(database.Database, pattern, pageSize = 1000)
                let mutable batch = []

                let finish () =
                    task {
                        let! struct (count, error) = deleteThose scope batch token
                        batch <- []
                        deleted <- deleted + count

                        if fault.IsNone then
                            fault <- error
                    }

                let scan = names.GetAsyncEnumerator token
                let mutable isOpen = true

                while isOpen do
                    let! isMore = scan.MoveNextAsync()
                    isOpen <- isMore

                    if isMore then
                        match store.Keys.TryStoreKey scan.Current with
                        | Some key -> batch <- key :: batch
                        | None -> ()

                    if batch.Length >= pageSize || not isMore then
                        do! finish ()

                do! scan.DisposeAsync()

            match fault with
            | ValueSome error -> return raise error
            | ValueNone -> return deleted
        }
