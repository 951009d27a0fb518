namespace Runa.Session

open System
open System.Threading.Tasks
open Microsoft.Extensions.Logging
open StackExchange.Redis

/// How the Redis driver writes.
[<RequireQualifiedAccess>]
type RedisScripting =
    /// Lua scripts, one round trip each, on Redis 5 or newer; MULTI/EXEC from the first time on that the server refuses scripts.
    | Auto
    /// MULTI/EXEC: two to three round trips each, on Redis 7 or newer, Valkey or Garnet.
    | Never

/// Writes by script as long as the server runs scripts. A refusal means that nothing was done, so the write is made anew by
/// transaction, as all that follow; both ways of several processes go together.
[<Sealed>]
type internal RedisWrites(scripting: RedisScripting, scripts: IRedisWrites, transactions: IRedisWrites, log: ILogger) =
    static let switched =
        LoggerMessage.Define<string>(
            LogLevel.Information,
            EventId(1, "ScriptsRefused"),
            "The Redis server runs no scripts ({Reason}): sessions are written by transactions, in more round trips."
        )

    let mutable refusals = if scripting = RedisScripting.Never then 1 else 0

    /// What is logged must hold nothing of what the server repeats of a command: its arguments are a session's.
    let refusal (error: exn) : string voption =
        let says (text: string) = error.Message.Contains(text, StringComparison.OrdinalIgnoreCase)
        // From inside of a script that ran comes "…, on @user_script".
        let isAboutScripts = (says "eval" || says "script" || says "lua") && not (says "@user_script")

        match error with
        | :? RedisCommandException when isAboutScripts -> ValueSome "disabled in this client"
        | :? RedisServerException when says "NOPERM" && isAboutScripts -> ValueSome "not permitted"
        | :? RedisServerException when says "unknown command" && isAboutScripts -> ValueSome "unknown command"
        | :? RedisServerException when says "lua" && (says "disabled" || says "not enabled") -> ValueSome "disabled"
        | _ -> ValueNone

    let attempt (write: IRedisWrites -> Task<'T>) : Task<'T> =
        if Threading.Volatile.Read &refusals > 0 then
            write transactions
        else
            task {
                try
                    return! write scripts
                with error when (refusal error).IsSome ->
                    if Threading.Interlocked.Increment &refusals = 1 then
                        switched.Invoke(log, (refusal error).Value, null)

                    return! write transactions
            }

    /// Whether the writes are scripts, as far as is known.
    member _.AreScripts = Threading.Volatile.Read &refusals = 0

    interface IRedisWrites with
        member _.Create(write, token) = attempt _.Create(write, token)

        member _.Replace(expected, isIndexed, write, token) = attempt _.Replace(expected, isIndexed, write, token)

        member _.Touch(key, now, idleExpiresAt, token) = attempt _.Touch(key, now, idleExpiresAt, token)

        member _.Delete(key, token) = attempt _.Delete(key, token)

        member _.Index(entry, token) = attempt _.Index(entry, token)

        member _.Advance(key, token) = attempt _.Advance(key, token)
