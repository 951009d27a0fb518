namespace Runa.Session

open System
open System.Threading.Tasks
open Microsoft.Extensions.Logging
open StackExchange.Redis

/// How the Redis driver writes.
[<RequireQualifiedAccess>]
type RedisScripting =
    /// By Lua scripts, one round trip each, on Redis 5 or newer. After the server has refused a script, by MULTI/EXEC.
    | Auto
    /// By MULTI/EXEC, two to three round trips each, on Redis 7 or newer, Valkey or Garnet.
    | Never

/// Writes by script as long as the server runs scripts. If it refuses one, nothing was done, so this and all later
/// writes use transactions. Processes that write in different ways work together.
[<Sealed>]
type internal RedisWrites(scripting: RedisScripting, scripts: IRedisWrites, transactions: IRedisWrites, log: ILogger) =
    static let switched =
        LoggerMessage.Define<string>(
            LogLevel.Information,
            EventId(1, "ScriptsRefused"),
            "The Redis server runs no scripts ({Reason}): sessions are written by transactions, which take more round trips."
        )

    let mutable refusals = if scripting = RedisScripting.Never then 1 else 0

    /// Why scripts were refused, in words of our own: the server's message may repeat arguments of the command, which
    /// are a session's data.
    let refusal (error: exn) : string voption =
        let says (text: string) = error.Message.Contains(text, StringComparison.OrdinalIgnoreCase)
        // An error inside a script that ran contains "@user_script".
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

    /// Whether the driver writes by scripts, as far as is known.
    member _.AreScripts = Threading.Volatile.Read &refusals = 0

    interface IRedisWrites with
        member _.Create(write, token) = attempt _.Create(write, token)

        member _.Replace(expected, isIndexed, write, token) = attempt _.Replace(expected, isIndexed, write, token)

        member _.Touch(key, now, idleExpiresAt, token) = attempt _.Touch(key, now, idleExpiresAt, token)

        member _.Delete(key, token) = attempt _.Delete(key, token)

        member _.Index(entry, token) = attempt _.Index(entry, token)

        member _.Advance(key, token) = attempt _.Advance(key, token)
