namespace Runa.Session

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Logging
open StackExchange.Redis

/// What servers do when memory is short.
[<RequireQualifiedAccess>]
type internal RedisMemory =
    | Keeps
    /// By this policy.
    | Evicts of policy: string
    /// Not now, but they did since they were started.
    | HasEvicted
    /// One of them does not answer.
    | Unreachable
    /// They do not tell, for this reason.
    | Unknown of reason: string

/// Whether the server evicts keys: an owner's index or an epoch may then be gone while the sessions live (promise 27).
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
            "The Redis server has removed keys for want of memory since it was started (evicted_keys in INFO is not 0), though it does not any more. Listing and ending the sessions of an owner reads all sessions, since an owner's index may be among them. When all sessions of that time have ended, restart the server or run CONFIG RESETSTAT."
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

    // Without admin mode the client refuses INFO; a script may ask it all the same.
    let both = "return redis.call('INFO', 'memory') .. redis.call('INFO', 'stats')"

    /// The answer of one of these, the first that is not refused.
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
        | ValueNone -> RedisMemory.Unknown "it does not say by which policy"
        | ValueSome policy ->
            let isLimited = told info "maxmemory" <> ValueSome "0"

            // A number that counts what was evicted before the policy was changed.
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
            // A shard that is down fails no sign-in whose own shards answer (promise 25).
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

    /// True where it is not certain that it does not: complete before fast.
    member _.Ask(token: CancellationToken) : Task<bool> =
        task {
            let! answers = servers.Primaries() |> List.map (askOne token) |> Task.WhenAll
            let memory = answers |> Array.maxBy rank
            tell memory
            known <- ValueSome(struct (memory <> RedisMemory.Keeps, Stopwatch.GetTimestamp()))
            return memory <> RedisMemory.Keeps
        }

    /// The same, asked at most each minute.
    member eviction.MayEvict(token: CancellationToken) : Task<bool> =
        match known with
        | ValueSome(struct (mayEvict, asked)) when Stopwatch.GetElapsedTime asked < patience -> Task.FromResult mayEvict
        | _ -> eviction.Ask token

    /// Asks once, at the first use, beside what is asked there; again at the next use when there was no answer. It fails no
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
