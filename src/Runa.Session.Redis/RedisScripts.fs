namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// How a conditional replace ended.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal RedisReplaced =
    | Replaced
    | Missing
    /// Nothing was written: the record belongs into an index that does not list it until this end yet.
    | NotIndexed
    /// The fields that stand there now.
    | Conflict of HashEntry[]

/// The writes, each atomic and on one key. After a cancellation nothing more is sent: whoever asks on the same connection
/// what became of a write gets an answer that stays true.
type internal IRedisWrites =
    abstract Create: RedisWrite * CancellationToken -> Task<bool>

    /// `isIndexed`: the owner's index lists the record until its new end.
    abstract Replace:
        expected: RecordVersion * now: DateTimeOffset * isIndexed: bool * RedisWrite * CancellationToken ->
            Task<RedisReplaced>

    abstract Touch: RedisKey * now: DateTimeOffset * idleEnd: DateTimeOffset * CancellationToken -> Task<bool>

    /// Lists a record in an owner's sorted set until it ends, and drops what has ended.
    abstract Index:
        owners: RedisKey * member': RedisValue * now: DateTimeOffset * ends: DateTimeOffset * CancellationToken ->
            Task<unit>

/// One round trip each: Lua on the server. StackExchange.Redis loads a script once, sends its hash from then on, and
/// loads it again where the server has forgotten it.
[<Sealed>]
type internal RedisScripts(database: IDatabase) =
    let create =
        """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'record', ARGV[2], 'until', ARGV[3])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'idle', ARGV[4]) end
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'owner', ARGV[5]) end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1
"""

    // 0: missing; 1: replaced; 2: not indexed; otherwise the fields of another version, or of no record at all.
    let replace =
        """
local old = redis.call('HMGET', KEYS[1], 'version', 'until', 'idle', 'owner')
if not (old[1] and old[2]) then
  if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
  return redis.call('HGETALL', KEYS[1])
end
if old[2] <= ARGV[8] or (old[3] and old[3] <= ARGV[8]) then return 0 end
if old[1] ~= ARGV[7] then return redis.call('HGETALL', KEYS[1]) end
if ARGV[5] ~= '' and ARGV[9] == '0' and (old[4] ~= ARGV[5] or old[2] < ARGV[3]) then return 2 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'record', ARGV[2], 'until', ARGV[3])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'idle', ARGV[4])
elseif old[3] then redis.call('HDEL', KEYS[1], 'idle') end
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'owner', ARGV[5])
elseif old[4] then redis.call('HDEL', KEYS[1], 'owner') end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1
"""

    let touch =
        """
local old = redis.call('HMGET', KEYS[1], 'version', 'until', 'idle')
if not (old[1] and old[2]) then return 0 end
if old[2] <= ARGV[1] or (old[3] and old[3] <= ARGV[1]) then return 0 end
local idle = ARGV[2]
if idle > old[2] then idle = old[2] end
if old[3] and old[3] >= idle then return 1 end
redis.call('HSET', KEYS[1], 'idle', idle)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""

    // The set lives as long as its latest member. An end is only ever moved later, so that of two writers none hides
    // the other's record.
    let index =
        """
local before = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not before or tonumber(before) < tonumber(ARGV[2]) then redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[3])
local latest = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if latest[2] then redis.call('PEXPIRE', KEYS[1], string.format('%.0f', latest[2] - ARGV[3] + 60000)) end
return 1
"""

    let run (script: string) (key: RedisKey) (token: CancellationToken) (arguments: RedisValue[]) =
        token.ThrowIfCancellationRequested()
        database.ScriptEvaluateAsync(script, [| key |], arguments, CommandFlags.DemandMaster).WaitAsync token

    let number (value: int64) = RedisValue.op_Implicit value

    /// An empty text stands for none: neither a time nor an owner is empty.
    let orEmpty (value: RedisValue) = if value.IsNull then RedisValue.EmptyString else value

    let fields (answer: RedisResult) =
        match RedisResult.op_Explicit answer: RedisValue[] | null with
        | null -> [||]
        | values -> Array.chunkBySize 2 values |> Array.map (fun pair -> HashEntry(pair[0], pair[1]))

    interface IRedisWrites with
        member _.Create(write, token) =
            task {
                let! answer =
                    run
                        create
                        write.Key
                        token
                        [| write.Version
                           write.Record
                           write.Until
                           orEmpty write.Idle
                           orEmpty write.Owner
                           number write.TimeToLive |]

                return (RedisResult.op_Explicit answer: int64) = 1L
            }

        member _.Replace(expected, now, isIndexed, write, token) =
            task {
                let! answer =
                    run
                        replace
                        write.Key
                        token
                        [| write.Version
                           write.Record
                           write.Until
                           orEmpty write.Idle
                           orEmpty write.Owner
                           number write.TimeToLive
                           RedisRecord.version expected
                           RedisRecord.time now
                           (if isIndexed then number 1L else number 0L) |]

                if answer.Resp2Type = ResultType.Array then
                    return RedisReplaced.Conflict(fields answer)
                else
                    match RedisResult.op_Explicit answer: int64 with
                    | 0L -> return RedisReplaced.Missing
                    | 1L -> return RedisReplaced.Replaced
                    | _ -> return RedisReplaced.NotIndexed
            }

        member _.Touch(key, now, idleEnd, token) =
            task {
                let! answer =
                    run
                        touch
                        key
                        token
                        [| RedisRecord.time now
                           RedisRecord.time idleEnd
                           number (RedisRecord.timeToLive now idleEnd) |]

                return (RedisResult.op_Explicit answer: int64) = 1L
            }

        member _.Index(owners, member', now, ends, token) =
            task {
                let! _ =
                    run
                        index
                        owners
                        token
                        [| member'; number (ends.ToUnixTimeMilliseconds()); number (now.ToUnixTimeMilliseconds()) |]

                ()
            }
