namespace Runa.Session

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// The server's clock. It is read once a minute; in between, a monotonic clock counts on.
[<Sealed>]
type internal RedisClock(database: IDatabase) =
    let patience = TimeSpan.FromMinutes 1.

    /// The server's time at a timestamp. MaxValue: the server does not tell it.
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

    /// The earlier of the writer's time and the server's.
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
