namespace Runa.Session

open System
open System.Globalization
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// Writes by Lua scripts, in one round trip each. StackExchange.Redis loads a script once, then sends its hash, and
/// loads it again if the server has forgotten it.
[<Sealed>]
type internal RedisScripts(database: IDatabase, keys: RedisKeys) =
    let run (script: string) (key: RedisKey) (token: CancellationToken) (arguments: RedisValue[]) =
        token.ThrowIfCancellationRequested()
        database.ScriptEvaluateAsync(script, [| key |], arguments, CommandFlags.DemandMaster).WaitAsync token

    let milliseconds (time: DateTimeOffset) : RedisValue = RedisValue.op_Implicit (time.ToUnixTimeMilliseconds())
    let number (value: float) : RedisValue = RedisValue.op_Implicit (value.ToString("R", CultureInfo.InvariantCulture))

    /// An empty text for a missing value: neither a time nor an owner is ever empty.
    let orEmpty (value: RedisValue) = if value.IsNull then RedisValue.EmptyString else value

    let isArray (answer: RedisResult) = answer.Resp2Type = ResultType.Array

    let values (answer: RedisResult) : RedisValue[] =
        match RedisResult.op_Explicit answer: RedisValue[] | null with
        | null -> [||]
        | values -> values

    let fields (answer: RedisResult) =
        values answer |> Array.chunkBySize 2 |> Array.map (fun pair -> HashEntry(pair[0], pair[1]))

    let written (write: RedisWrite) =
        [| write.Version
           write.Record
           write.ExpiresAt
           orEmpty write.IdleExpiresAt
           write.Scope
           orEmpty write.Owner
           milliseconds write.EndsAt
           milliseconds write.Now
           RedisRecord.time write.Now |]

    interface IRedisWrites with
        member _.Create(write, token) =
            task {
                let! answer = run RedisLua.create write.Key token (written write)
                return (RedisResult.op_Explicit answer: int64) = 1L
            }

        member _.Replace(expected, isIndexed, write, token) =
            task {
                let struct (stale, ahead) = RedisRecord.renewal write.Now

                let! answer =
                    run
                        RedisLua.replace
                        write.Key
                        token
                        (Array.append
                            (written write)
                            [| RedisRecord.version expected
                               RedisValue.op_Implicit (if isIndexed then 1 else 0)
                               RedisRecord.time stale
                               RedisRecord.time ahead |])

                if isArray answer then
                    return RedisReplaced.Conflict(fields answer)
                else
                    match RedisResult.op_Explicit answer: int64 with
                    | 0L -> return RedisReplaced.Missing
                    | 1L -> return RedisReplaced.Replaced
                    | 2L -> return RedisReplaced.NotIndexed
                    | _ -> return RedisReplaced.IndexDue
            }

        member _.Touch(key, now, idleExpiresAt, token) =
            task {
                let struct (stale, ahead) = RedisRecord.renewal now

                let! answer =
                    run
                        RedisLua.touch
                        key
                        token
                        [| RedisRecord.time now
                           RedisRecord.time idleExpiresAt
                           milliseconds now
                           milliseconds idleExpiresAt
                           RedisRecord.time stale
                           RedisRecord.time ahead |]

                if isArray answer then
                    let due = values answer
                    return RedisTouched.due due[0] due[1] due[2]
                elif (RedisResult.op_Explicit answer: int64) = 1L then
                    return RedisTouched.Touched
                else
                    return RedisTouched.Missing
            }

        member _.Delete(key, token) =
            task {
                let! answer = run RedisLua.delete (keys.Record key) token [||]

                if isArray answer then
                    return RedisRecord.find (fields answer)
                else
                    return RedisRecord.ofOtherType ()
            }

        member _.Index(entry, token) =
            task {
                let! answer =
                    run
                        RedisLua.index
                        entry.Owners
                        token
                        [| entry.Member
                           number entry.Score
                           milliseconds entry.EndsAt
                           milliseconds entry.Now
                           number entry.Ended |]

                return values answer
            }

        member _.Advance(key, token) =
            task {
                let life: RedisValue = RedisValue.op_Implicit (int64 RedisEpoch.life.TotalMilliseconds)
                let! _ = run RedisLua.advance key token [| RedisEpoch.ofRevocation (); life |]
                ()
            }
