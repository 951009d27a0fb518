/// The Lua scripts of the driver.
module internal Runa.Session.RedisLua

// How long Redis keeps a record, by the earlier of the writer's clock and the server's, so that a writer whose clock is
// ahead shortens nothing (promise 28). Unless the end moves earlier, an expiry is never shortened.
let private lives =
    $"""
local function lives(ends, now)
  local time = redis.pcall('TIME')
  if not time.err then
    local here = time[1] * 1000 + math.floor(time[2] / 1000)
    if here < now then now = here end
  end
  return math.max(0, ends - now) + {RedisRecord.keptAfterEnd}
end
local function expire(key, life)
  redis.call('PEXPIRE', key, string.format('%%.0f', life))
end
local function lengthen(key, life)
  expire(key, math.max(life, redis.call('PTTL', key)))
end
"""

// Arguments: version, record, expires_at, idle_expires_at, scope, owner, the earlier end in milliseconds, now in
// milliseconds, now.
let create =
    lives
    + """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'record', ARGV[2], 'expires_at', ARGV[3], 'scope', ARGV[5])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'idle_expires_at', ARGV[4]) end
if ARGV[6] ~= '' then redis.call('HSET', KEYS[1], 'owner', ARGV[6], 'indexed', ARGV[9]) end
expire(KEYS[1], lives(tonumber(ARGV[7]), tonumber(ARGV[8])))
return 1
"""

// Arguments: those of create, then the expected version, whether the record is indexed, and the two times between which
// an index entry is fresh. Returns 0: missing; 1: replaced; 2: not indexed; 3: replaced, and the index entry is due;
// otherwise the fields of another version, or of something that is no record.
let replace =
    lives
    + """
local old = redis.call('HMGET', KEYS[1], 'version', 'expires_at', 'idle_expires_at', 'scope', 'owner', 'indexed')
if not (old[1] and old[2]) then
  if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
  return redis.call('HGETALL', KEYS[1])
end
if old[2] <= ARGV[9] or (old[3] and old[3] <= ARGV[9]) then return 0 end
if old[1] ~= ARGV[10] then return redis.call('HGETALL', KEYS[1]) end
local done = 1
local indexed = old[6]
if ARGV[6] ~= '' then
  if ARGV[11] == '1' then indexed = ARGV[9]
  elseif old[4] ~= ARGV[5] or old[5] ~= ARGV[6] or old[2] < ARGV[3] then return 2
  elseif not (old[6] and old[6] > ARGV[12] and old[6] <= ARGV[13]) then done = 3 indexed = ARGV[9] end
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'record', ARGV[2], 'expires_at', ARGV[3], 'scope', ARGV[5])
local ends = ARGV[3]
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[1], 'idle_expires_at', ARGV[4])
  if ARGV[4] < ends then ends = ARGV[4] end
elseif old[3] then redis.call('HDEL', KEYS[1], 'idle_expires_at') end
if ARGV[6] ~= '' then redis.call('HSET', KEYS[1], 'owner', ARGV[6], 'indexed', indexed)
elseif old[5] then redis.call('HDEL', KEYS[1], 'owner', 'indexed') end
local life = lives(tonumber(ARGV[7]), tonumber(ARGV[8]))
local before = old[2]
if old[3] and old[3] < before then before = old[3] end
if ends < before then expire(KEYS[1], life) else lengthen(KEYS[1], life) end
return done
"""

// Arguments: now, the idle end, both again in milliseconds, and the two times between which an index entry is fresh.
// Returns 0: missing; 1: touched; otherwise the scope, owner and absolute end of an index entry that is due. The expiry
// is set first: a full server may refuse the first write of a script, but not a later one.
let touch =
    lives
    + """
local old = redis.pcall('HMGET', KEYS[1], 'version', 'expires_at', 'idle_expires_at', 'scope', 'owner', 'indexed')
if old.err then
  if string.find(old.err, 'WRONGTYPE', 1, true) then return 0 end
  return old
end
if not (old[1] and old[2]) then return 0 end
if old[2] <= ARGV[1] or (old[3] and old[3] <= ARGV[1]) then return 0 end
local idle = ARGV[2]
if idle > old[2] then idle = old[2] end
if old[3] and old[3] >= idle then return 1 end
lengthen(KEYS[1], lives(tonumber(ARGV[4]), tonumber(ARGV[3])))
redis.call('HSET', KEYS[1], 'idle_expires_at', idle)
if not (old[4] and old[5]) or (old[6] and old[6] > ARGV[5] and old[6] <= ARGV[6]) then return 1 end
redis.call('HSET', KEYS[1], 'indexed', ARGV[1])
return { old[4], old[5], old[2] }
"""

// Returns the fields that were deleted; 1: it was not a hash.
let delete =
    """
local found = redis.pcall('HGETALL', KEYS[1])
if found.err then
  if not string.find(found.err, 'WRONGTYPE', 1, true) then return found end
  redis.call('DEL', KEYS[1])
  return 1
end
if #found > 0 then redis.call('DEL', KEYS[1]) end
return found
"""

// Arguments: member, score, end and now in milliseconds, and the score up to which entries ended long ago. An end only
// moves later, so that of two writers neither hides the other's record, and the set lives as long as its latest member.
// Returns entries that ended long ago.
let index =
    lives
    + """
local before = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not before or tonumber(before) < tonumber(ARGV[2]) then redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1]) end
lengthen(KEYS[1], lives(tonumber(ARGV[3]), tonumber(ARGV[4])))
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[5], 'LIMIT', 0, 100)
"""

// Arguments: a value, and its expiry in milliseconds. The key is deleted first: a full server may refuse the first
// write of a script, but not a later one.
let advance =
    """
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
