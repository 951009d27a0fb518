namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Logging
open StackExchange.Redis

/// Ends all sessions of a scope.
[<Sealed>]
type internal RedisEnding(store: RedisStore, servers: RedisServers, epochs: RedisEpochs, log: ILogger) =
    static let unreadable =
        LoggerMessage.Define<int>(
            LogLevel.Warning,
            EventId(4, "UnreadableDeleted"),
            "While all sessions of a name were ended, {Count} records in Redis were deleted that cannot be read (damaged, or of a newer format)."
        )

    let batch = 100

    let tried (work: unit -> Task<'T>) : Task<Result<'T, exn>> =
        task {
            try
                let! result = work ()
                return Ok result
            with error when not (error :? OperationCanceledException) ->
                return Error error
        }

    /// Deletes records and what tombstones among them lead to. Returns the numbers of live and of unreadable ones.
    let rec delete (keys: StoreKey list) (token: CancellationToken) : Task<struct (int * int)> =
        task {
            if keys.IsEmpty then
                return struct (0, 0)
            else
                let! taken = store.TakeAll (List.distinct keys) token
                let now = store.Now
                let mutable living = 0
                let mutable unread = 0
                let mutable successors = []

                for struct (_, found) in taken do
                    match found with
                    | RedisFound.Record { Kind = RecordKind.Moved successor } -> successors <- successor :: successors
                    | RedisFound.Record record when not (SessionRecord.isExpired now record) -> living <- living + 1
                    | RedisFound.Unreadable _ -> unread <- unread + 1
                    | _ -> ()

                let! struct (moreLiving, moreUnread) = delete successors token
                return struct (living + moreLiving, unread + moreUnread)
        }

    /// The keys of records in the scope. A record that can neither be read nor names its scope belongs to nobody, so it
    /// is included.
    let ofScope (scope: string) (keys: StoreKey list) (token: CancellationToken) : Task<StoreKey list> =
        task {
            let! found = servers.Whose(keys, token)

            let isOfScope key (whose: RedisWhose voption) =
                task {
                    match whose with
                    | ValueSome whose -> return whose.Scope = scope
                    | ValueNone ->
                        match! store.Find key token with
                        | RedisFound.Record record -> return record.Scope = scope
                        | RedisFound.Unreadable _ -> return true
                        | RedisFound.Nothing -> return false
                }

            let! mine = [ for struct (key, whose) in found -> isOfScope key whose ] |> Task.WhenAll
            return
                [ for struct (key, _), isMine in Array.zip found mine do
                      if isMine then
                          key ]
        }

    /// Ends the sessions on one server. A failure does not stop the others from being ended.
    let endOn (scope: string) (token: CancellationToken) (server: IServer) : Task<struct (int * int * exn voption)> =
        task {
            let mutable living = 0
            let mutable unread = 0
            let mutable fault = ValueNone
            let mutable cursor = ""

            while cursor <> "0" do
                let! step =
                    tried (fun () ->
                        task {
                            let! struct (next, keys) =
                                servers.Scan(server, (if cursor = "" then "0" else cursor), token)

                            let! mine = ofScope scope keys token
                            return struct (next, mine)
                        })

                match step with
                | Error error ->
                    fault <- ValueSome error
                    cursor <- "0"
                | Ok(struct (next, mine)) ->
                    for keys in List.chunkBySize batch mine do
                        match! tried (fun () -> delete keys token) with
                        | Ok(struct (more, moreUnread)) ->
                            living <- living + more
                            unread <- unread + moreUnread
                        | Error error -> fault <- ValueSome error

                    cursor <- next

            return struct (living, unread, fault)
        }

    let endEach (scope: string) (token: CancellationToken) : Task<struct (int * exn voption)> =
        task {
            let! ended = servers.Primaries() |> List.map (endOn scope token) |> Task.WhenAll
            let unread = ended |> Array.sumBy (fun (struct (_, unread, _)) -> unread)

            if unread > 0 then
                unreadable.Invoke(log, unread, null)

            let living = ended |> Array.sumBy (fun (struct (living, _, _)) -> living)
            let fault = ended |> Array.tryPick (fun (struct (_, _, fault)) -> ValueOption.toOption fault)
            return struct (living, ValueOption.ofOption fault)
        }

    let failed (ended: int) (what: string) (error: exn) : exn =
        RedisErrors.partly $"{ended} sessions were ended, but {what}; call again when the server works" error

    /// Advances the epoch first, so that a sign-in at the same time loses or is found. If the server is too full for
    /// that, ending sessions makes room: then this advances the epoch, and ends what was created in between (promise
    /// 9).
    member _.DeleteAll (scope: string) (token: CancellationToken) : Task<int> =
        task {
            let! advanced = tried (fun () -> epochs.AdvanceAll scope token)
            let! struct (ended, fault) = endEach scope token

            match fault, advanced with
            | ValueSome error, Error _
            | ValueSome error, Ok() when ended = 0 -> return raise error
            | ValueSome error, _ -> return raise (failed ended "others could not be" error)
            | ValueNone, Ok() -> return ended
            | ValueNone, Error _ ->
                match! tried (fun () -> epochs.AdvanceAll scope token) with
                | Error error -> return raise (failed ended "a sign-in that is under way may succeed" error)
                | Ok() ->
                    match! endEach scope token with
                    | struct (more, ValueNone) -> return ended + more
                    | struct (more, ValueSome error) -> return raise (failed (ended + more) "others could not be" error)
        }
