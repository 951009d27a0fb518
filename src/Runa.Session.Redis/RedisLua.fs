/// The Lua scripts of the driver. RedisHead says what stands at which place of a value; Lua counts from 1.
module internal Runa.Session.RedisLua

// How long Redis keeps a record, by the earlier of the writer's clock and the server's, so that a writer whose clock is
// ahead shortens nothing (promise 28): `left` is that time by the writer's clock, `till` the point in time at which it
// ends. Unless the end moves earlier, an expiry is never shortened.
let private lives =
    """
local function lives(left, till)
  local life = tonumber(left)
  local time = redis.pcall('TIME')
  if not time.err then life = math.max(life, till - time[1] * 1000 - math.floor(time[2] / 1000)) end
  return life
end
"""

// A damaged head must not count as one that has ended, so a script first checks its shape.
let private isHead = "'^runa1 %x+ %d[%d:.TZ-]+ [%d:.TZ~-]+ [%d:.TZ~-]+ %d+ %d+ '"

// Arguments: the value, and its life twice, as `lives` takes it.
let create =
    lives
    + """
local life = string.format('%.0f', lives(ARGV[2], ARGV[3]))
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', life) then return 1 end
return 0
"""

// Arguments: those of create, then now, the expected version, the place of the last byte of the value's head; and, if
// the record has an owner, whether it is indexed, and the two times between which an index entry is fresh. Returns 0:
// missing; 1: replaced; 2: not indexed; 3: replaced, and the index entry is due; otherwise the value, which is of another
// version, or no record.
let replace =
    $"""
local sub = string.sub
local old = redis.call('GETRANGE', KEYS[1], 0, ARGV[6])
if sub(old, 1, 6) ~= 'runa1 ' or #old < 128 then return redis.call('GET', KEYS[1]) or 0 end
local value, now, done = ARGV[1], ARGV[4], 1
local ends, idle = sub(old, 24, 51), sub(old, 53, 80)
local before = idle < ends and idle or ends
if before <= now and string.find(old, {isHead}) then return 0 end
if sub(old, 7, 22) ~= ARGV[5] then return redis.call('GET', KEYS[1]) end
local after, afterIdle = sub(value, 24, 51), sub(value, 53, 80)
if ARGV[7] and ARGV[7] ~= '1' then
  if ends < after or sub(old, 111) ~= sub(value, 111, ARGV[6] + 1) then return 2 end
  local indexed = sub(old, 82, 109)
  if indexed > ARGV[8] and indexed <= ARGV[9] then value = sub(value, 1, 81) .. indexed .. sub(value, 110)
  else done = 3 end
end
if afterIdle < after then after = afterIdle end
local life = tonumber(ARGV[2])
if after ~= before then
  local time = redis.pcall('TIME')
  if not time.err then life = math.max(life, ARGV[3] - time[1] * 1000 - math.floor(time[2] / 1000)) end
end
if after >= before then life = math.max(life, redis.call('PTTL', KEYS[1])) end
redis.call('SET', KEYS[1], value, 'PX', string.format('%%.0f', life))
return done
"""

// Arguments: now, the idle end, its life twice, as `lives` takes it, and the two times between which an index entry is
// fresh. Returns 0: missing; 1: touched; otherwise the head of a record whose index entry is due. The expiry is set
// first: a full server may refuse the first write of a script, but not a later one.
let touch =
    lives
    + $"""
local old = redis.pcall('GETRANGE', KEYS[1], 0, 127)
if type(old) == 'table' then
  if string.find(old.err, 'WRONGTYPE', 1, true) then return 0 end
  return old
end
if #old < 128 or not string.find(old, {isHead}) then return 0 end
local ends, before, idle = string.sub(old, 24, 51), string.sub(old, 53, 80), ARGV[2]
if ends <= ARGV[1] or before <= ARGV[1] then return 0 end
if idle > ends then idle = ends end
if before >= idle and string.sub(before, 1, 1) ~= '~' then return 1 end
local life = math.max(lives(ARGV[3], ARGV[4]), redis.call('PTTL', KEYS[1]))
redis.call('PEXPIRE', KEYS[1], string.format('%%.0f', life))
local scope, owner = string.sub(old, 111, 118), string.sub(old, 120, 127)
local indexed = string.sub(old, 82, 109)
if tonumber(owner) == 0 or (indexed > ARGV[5] and indexed <= ARGV[6]) then
  redis.call('SETRANGE', KEYS[1], 52, idle)
  return 1
end
redis.call('SETRANGE', KEYS[1], 52, idle .. ' ' .. ARGV[1])
return redis.call('GETRANGE', KEYS[1], 0, 129 + scope + owner)
"""

// Returns the value that was deleted; false: there was none; 1: it was not a text.
let delete =
    """
local found = redis.pcall('GET', KEYS[1])
if type(found) == 'table' then
  if not string.find(found.err, 'WRONGTYPE', 1, true) then return found end
  redis.call('DEL', KEYS[1])
  return 1
end
if found then redis.call('DEL', KEYS[1]) end
return found
"""

// Arguments: member, score, the life of the entry twice, as `lives` takes it, and the score up to which entries ended
// long ago. An end only moves later, so that of two writers neither hides the other's record, and the set lives as long
// as its latest member. Returns entries that ended long ago.
let index =
    lives
    + """
local before = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not before or tonumber(before) < tonumber(ARGV[2]) then redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1]) end
local life = math.max(lives(ARGV[3], ARGV[4]), redis.call('PTTL', KEYS[1]))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', life))
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
