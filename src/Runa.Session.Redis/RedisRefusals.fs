namespace Runa.Session

open System
open System.Threading
open Microsoft.Extensions.Logging
open StackExchange.Redis

/// How the Redis driver writes.
[<RequireQualifiedAccess>]
type RedisScripting =
    /// By Lua scripts, one round trip each, on Redis 5 or newer. After the server has refused a script, by MULTI/EXEC.
    | Auto
    /// By MULTI/EXEC, up to three round trips each, on Redis 7 or newer, Valkey or Garnet.
    | Never

/// Whether the server runs scripts, as far as is known. Processes that write in different ways work together.
[<Sealed>]
type internal RedisRefusals(scripting: RedisScripting, log: ILogger) =
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

    member _.AreScripts = Volatile.Read &refusals = 0

    /// Whether an error says that the server runs no scripts. After that, no more are sent to it.
    member _.Note(error: exn) : bool =
        match refusal error with
        | ValueSome reason ->
            if Interlocked.Increment &refusals = 1 then
                switched.Invoke(log, reason, null)

            true
        | ValueNone -> false
