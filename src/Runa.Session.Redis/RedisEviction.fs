namespace Runa.Session

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Logging
open StackExchange.Redis

/// What the servers do when memory is short.
[<RequireQualifiedAccess>]
type internal RedisMemory =
    | Keeps
    /// They evict keys by this policy.
    | Evicts of policy: string
    /// They do not evict now, but have done so since they were started.
    | HasEvicted
    /// A server does not answer.
    | Unreachable
    /// They do not say, for this reason.
    | Unknown of reason: string

/// Finds out whether the server evicts keys. Then an owner's index or an epoch may be gone while sessions are alive
/// (promise 27).
[<Sealed>]
type internal RedisEviction(servers: RedisServers, log: ILogger) =
    static let evicts =
        LoggerMessage.Define<string>(
            LogLevel.Warning,
            EventId(2, "Evicts"),
            "The Redis server removes sessions when its memory is short (maxmemory-policy {Policy}), whoever is signed in. Listing and ending the sessions of an owner reads all sessions, since the owner's index may have been removed. Set maxmemory-policy noeviction, on a server or at least a database instance of the sessions' own."
        )

    static let hasEvicted =
        LoggerMessage.Define(
            LogLevel.Warning,
            EventId(5, "HasEvicted"),
            "The Redis server has removed keys because memory was short since it was started (evicted_keys in INFO is not 0), though it no longer does so. Listing and ending the sessions of an owner reads all sessions, since an owner's index may be among them. When all sessions of that time have ended, restart the server or run CONFIG RESETSTAT."
        )

    static let unknown =
        LoggerMessage.Define<string>(
            LogLevel.Warning,
            EventId(3, "EvictionUnknown"),
            "Whether the Redis server removes sessions when its memory is short cannot be found out ({Reason}). Listing and ending the sessions of an owner therefore reads all sessions, which is slow where there are many. Let the user of this connection run INFO (ACL: +info) and open the connection with allowAdmin=true, or let it run scripts; and set maxmemory-policy noeviction."
        )

    let patience = TimeSpan.FromMinutes 1.
    let mutable isTold = 0
    let mutable isWatching = 0
    let mutable known: struct (bool * int64) voption = ValueNone

    // Without admin mode the client refuses INFO, but a script may call it.
    let both = "return redis.call('INFO', 'memory') .. redis.call('INFO', 'stats')"

    /// The first answer that is not refused.
    let rec firstOf (questions: (unit -> Task<string>) list) : Task<string voption> =
        task {
            match questions with
            | [] -> return ValueNone
            | ask :: others ->
                try
                    let! answer = ask ()
                    return ValueSome answer
                with
                | :? RedisServerException
                | :? RedisCommandException -> return! firstOf others
        }

    let told (info: string) (name: string) : string voption =
        info.Split('\n')
        |> Array.tryPick (fun line ->
            if line.StartsWith(name + ":", StringComparison.Ordinal) then
                Some(line.Substring(name.Length + 1).Trim())
            else
                None)
        |> ValueOption.ofOption

    let judge (info: string) : RedisMemory =
        match told info "maxmemory_policy" with
        | ValueNone -> RedisMemory.Unknown "INFO does not contain maxmemory_policy"
        | ValueSome policy ->
            let isLimited = told info "maxmemory" <> ValueSome "0"

            // This number also counts keys that were evicted before the policy was changed.
            let hasEvicted =
                match told info "evicted_keys" with
                | ValueSome number -> number <> "0"
                | ValueNone -> false

            if isLimited && policy <> "noeviction" then RedisMemory.Evicts policy
            elif hasEvicted then RedisMemory.HasEvicted
            else RedisMemory.Keeps

    let askOne (token: CancellationToken) (server: IServer) : Task<RedisMemory> =
        let execute (command: string) (arguments: obj[]) =
            task {
                return!
                    RedisErrors.readTwice (fun () ->
                        server.ExecuteAsync(command, arguments, CommandFlags.None).WaitAsync token)
            }

        let info () =
            task {
                let memory = execute "INFO" [| "memory" |]
                let stats = execute "INFO" [| "stats" |]
                let! answers = Task.WhenAll(memory, stats)
                return $"{answers[0]}\n{answers[1]}"
            }

        let byScript () =
            task {
                let! answer = execute "EVAL" [| both; 0 |]
                return string answer
            }

        let byConfiguration () =
            task {
                let! answer = execute "CONFIG" [| "GET"; "maxmemory*" |]

                match RedisResult.op_Explicit answer: RedisValue[] | null with
                | null -> return ""
                | pairs ->
                    return
                        pairs
                        |> Array.chunkBySize 2
                        |> Array.map (fun pair -> (string pair[0]).Replace('-', '_') + ":" + string pair[1])
                        |> String.concat "\n"
            }

        task {
            try
                match! firstOf [ info; byScript; byConfiguration ] with
                | ValueSome info -> return judge info
                | ValueNone -> return RedisMemory.Unknown "neither INFO nor CONFIG GET is permitted"
            with
            // A shard that is down does not fail a sign-in whose own shards answer (promise 25).
            | :? RedisConnectionException
            | :? RedisTimeoutException -> return RedisMemory.Unreachable
        }

    let tell (memory: RedisMemory) =
        let isTelling =
            match memory with
            | RedisMemory.Keeps
            | RedisMemory.Unreachable -> false
            | _ -> true

        if isTelling && Interlocked.Exchange(&isTold, 1) = 0 then
            match memory with
            | RedisMemory.Evicts policy -> evicts.Invoke(log, policy, null)
            | RedisMemory.HasEvicted -> hasEvicted.Invoke(log, null)
            | RedisMemory.Unknown reason -> unknown.Invoke(log, reason, null)
            | RedisMemory.Unreachable
            | RedisMemory.Keeps -> ()

    let rank memory =
        match memory with
        | RedisMemory.Evicts _ -> 4
        | RedisMemory.HasEvicted -> 3
        | RedisMemory.Unknown _ -> 2
        | RedisMemory.Unreachable -> 1
        | RedisMemory.Keeps -> 0

    /// Asks whether a server may evict keys. Returns true unless it certainly does not: completeness comes before
    /// speed.
    member _.Ask(token: CancellationToken) : Task<bool> =
        task {
            let! answers = servers.Primaries() |> List.map (askOne token) |> Task.WhenAll
            let memory = answers |> Array.maxBy rank
            tell memory
            known <- ValueSome(struct (memory <> RedisMemory.Keeps, Stopwatch.GetTimestamp()))
            return memory <> RedisMemory.Keeps
        }

    /// Like Ask, but asks at most once a minute.
    member eviction.MayEvict(token: CancellationToken) : Task<bool> =
        match known with
        | ValueSome(struct (mayEvict, asked)) when Stopwatch.GetElapsedTime asked < patience -> Task.FromResult mayEvict
        | _ -> eviction.Ask token

    /// Asks in the background at the first use, and again at the next use if there was no answer. It never fails a
    /// request.
    member eviction.Watch() : unit =
        if Volatile.Read &isWatching = 0 && Interlocked.Exchange(&isWatching, 1) = 0 then
            task {
                try
                    let! _ = eviction.Ask CancellationToken.None
                    ()
                with _ ->
                    Volatile.Write(&isWatching, 0)
            }
            |> ignore
