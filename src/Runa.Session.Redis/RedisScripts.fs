namespace Runa.Session

open System
open System.Globalization
open System.Security.Cryptography
open System.Text
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// A script, and the hash by which a server that has it runs it.
[<Sealed>]
type internal RedisScript(text: string) =
    let hash = SHA1.HashData(Encoding.UTF8.GetBytes text)
    member _.Text = text
    member _.Hash = hash

/// Writes by Lua scripts, in one round trip each. A script is sent by its hash; if the server does not know it,
/// StackExchange.Redis loads it. If the server refuses a script, nothing was done, and a transaction writes.
[<Sealed>]
type internal RedisScripts(database: IDatabase, keys: RedisKeys, refusals: RedisRefusals, transactions: IRedisWrites) =
    static let create = RedisScript RedisLua.create
    static let replace = RedisScript RedisLua.replace
    static let touch = RedisScript RedisLua.touch
    static let delete = RedisScript RedisLua.delete
    static let index = RedisScript RedisLua.index
    static let advance = RedisScript RedisLua.advance

    let run
        (script: RedisScript)
        (isKnown: bool)
        (key: RedisKey)
        (token: CancellationToken)
        (arguments: RedisValue[])
        : Task<RedisResult> =
        token.ThrowIfCancellationRequested()

        if isKnown then
            database.ScriptEvaluateAsync(script.Hash, [| key |], arguments, CommandFlags.DemandMaster)
        else
            database.ScriptEvaluateAsync(script.Text, [| key |], arguments, CommandFlags.DemandMaster)

    /// Runs a script, and reads its answer.
    let rec evaluate
        (script: RedisScript)
        (isKnown: bool)
        key
        token
        (arguments: RedisValue[])
        (read: RedisResult -> 'T)
        (instead: IRedisWrites -> Task<'T>)
        : Task<'T> =
        task {
            try
                let! answer = run script isKnown key token arguments
                return read answer
            with
            | error when isKnown && RedisErrors.is "NOSCRIPT" error ->
                return! evaluate script false key token arguments read instead
            | error when refusals.Note error -> return! instead transactions
        }

    let text (value: string) : RedisValue = RedisValue.op_Implicit value
    let time (at: DateTimeOffset) : RedisValue = text (RedisHead.time at)
    let number (value: float) : RedisValue = text (value.ToString("R", CultureInfo.InvariantCulture))

    /// How long Redis keeps something by the writer's clock.
    let left now ends : RedisValue = RedisValue.op_Implicit (RedisRecord.timeToLive now ends)

    /// When Redis may drop it.
    let until (ends: DateTimeOffset) : RedisValue =
        RedisValue.op_Implicit (ends.ToUnixTimeMilliseconds() + RedisRecord.keptAfterEnd)

    let value (write: RedisWrite) : RedisValue = RedisValue.op_Implicit write.Value

    let isNumber (answer: RedisResult) = answer.Resp2Type = ResultType.Integer

    let replaced (answer: RedisResult) : RedisReplaced =
        if isNumber answer then
            match RedisResult.op_Explicit answer: int64 with
            | 0L -> RedisReplaced.Missing
            | 1L -> RedisReplaced.Replaced
            | 2L -> RedisReplaced.NotIndexed
            | _ -> RedisReplaced.IndexDue
        else
            RedisReplaced.Conflict(RedisResult.op_Explicit answer)

    let touched (answer: RedisResult) : RedisTouched =
        if not (isNumber answer) then RedisTouched.due (RedisResult.op_Explicit answer)
        elif (RedisResult.op_Explicit answer: int64) = 1L then RedisTouched.Touched
        else RedisTouched.Missing

    let deleted (answer: RedisResult) : RedisFound =
        if isNumber answer then
            RedisRecord.ofOtherType ()
        else
            RedisRecord.find (RedisResult.op_Explicit answer)

    let values (answer: RedisResult) : RedisValue[] =
        match RedisResult.op_Explicit answer: RedisValue[] | null with
        | null -> [||]
        | values -> values

    interface IRedisWrites with
        member _.Create(write, token) =
            let arguments = [| value write; left write.Now write.EndsAt; until write.EndsAt |]
            let isCreated answer = (RedisResult.op_Explicit answer: int64) = 1L
            evaluate create true write.Key token arguments isCreated _.Create(write, token)

        member _.Replace(expected, isIndexed, write, token) =
            let arguments =
                [| value write
                   left write.Now write.EndsAt
                   until write.EndsAt
                   time write.Now
                   text (RedisHead.version expected)
                   RedisValue.op_Implicit (write.HeadLength - 1) |]

            let arguments =
                if write.HasOwner then
                    let struct (stale, ahead) = RedisRecord.renewal write.Now

                    Array.append
                        arguments
                        [| RedisValue.op_Implicit (if isIndexed then 1 else 0); time stale; time ahead |]
                else
                    arguments

            evaluate replace true write.Key token arguments replaced _.Replace(expected, isIndexed, write, token)

        member _.Touch(key, now, idleExpiresAt, token) =
            let struct (stale, ahead) = RedisRecord.renewal now

            let arguments =
                [| time now
                   time idleExpiresAt
                   left now idleExpiresAt
                   until idleExpiresAt
                   time stale
                   time ahead |]

            evaluate touch true key token arguments touched _.Touch(key, now, idleExpiresAt, token)

        member _.Delete(key, token) = evaluate delete true (keys.Record key) token [||] deleted _.Delete(key, token)

        member _.Index(entry, token) =
            let arguments =
                [| entry.Member
                   number entry.Score
                   left entry.Now entry.EndsAt
                   until entry.EndsAt
                   number entry.Ended |]

            evaluate index true entry.Owners token arguments values _.Index(entry, token)

        member _.Advance(key, token) =
            let life: RedisValue = RedisValue.op_Implicit (int64 RedisEpoch.life.TotalMilliseconds)
            let arguments = [| RedisEpoch.ofRevocation (); life |]
            evaluate advance true key token arguments ignore _.Advance(key, token)
