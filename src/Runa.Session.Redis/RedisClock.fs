namespace Runa.Session

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// The server's clock, asked each minute and counted on by a monotonic one.
[<Sealed>]
type internal RedisClock(database: IDatabase) =
    let patience = TimeSpan.FromMinutes 1.

    /// The server's time at a timestamp; MaxValue: it does not tell.
    let mutable known: struct (DateTimeOffset * int64) voption = ValueNone

    let ask (token: CancellationToken) : Task<struct (DateTimeOffset * int64)> =
        task {
            let asked = Stopwatch.GetTimestamp()

            try
                let! answer = (database.ExecuteAsync("TIME", [||], CommandFlags.DemandMaster)).WaitAsync token

                match RedisResult.op_Explicit answer: RedisValue[] | null with
                | [| seconds; _ |] ->
                    return struct (DateTimeOffset.FromUnixTimeSeconds(RedisValue.op_Explicit seconds), asked)
                | _ -> return struct (DateTimeOffset.MaxValue, asked)
            with
            | :? RedisServerException
            | :? RedisCommandException -> return struct (DateTimeOffset.MaxValue, asked)
        }

    /// The writer's time, or the server's where that is earlier.
    member _.Earlier(now: DateTimeOffset, token: CancellationToken) : Task<DateTimeOffset> =
        task {
            let! struct (server, asked) =
                match known with
                | ValueSome(struct (_, asked) as found) when Stopwatch.GetElapsedTime asked < patience ->
                    Task.FromResult found
                | _ -> ask token

            known <- ValueSome(struct (server, asked))

            if server = DateTimeOffset.MaxValue then
                return now
            else
                let here = server + Stopwatch.GetElapsedTime asked
                return if here < now then here else now
        }
