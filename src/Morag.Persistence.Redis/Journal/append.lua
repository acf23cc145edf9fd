-- Appends writes, each to the events of a different persistence id. A write must continue the stored events without a gap.
-- KEYS: the sorted set of events for each write, then the highest sequence number for each write, in the same order. If the last of ARGV
--       is not empty, they are followed by the identity of this Redis and its counter of write calls.
-- ARGV: for each write, the number before its first event, its last number, the number of its events, and score and member of each event.
--       A write without events only uses up its numbers. The last value is the expected identity.
-- Returns position (from 1) and reason of each failed write. The reason is the stored highest number if the write does not continue it,
-- and an error message otherwise. Nothing of a failed write is stored.

-- Maximum number of values in one unpack. Redis (Lua 5.1) allows about 8,000, and runs a script atomically. Garnet (Lua 5.4) logs each
-- command, so a batch must be a single command there to survive a crash completely.
local CHUNK = _VERSION == 'Lua 5.1' and 4000 or 400000

local KEYS, ARGV, pcall, unpack = KEYS, ARGV, redis.pcall, unpack
local expected = ARGV[#ARGV]
local guarded = expected ~= ''
local writes = math.floor((guarded and #KEYS - 2 or #KEYS) / 2)
local failed = {}

-- A script costs mostly its calls, so one call reads the highest numbers of all writes, and one sets them at the end.
local counters = redis.call('MGET', unpack(KEYS, writes + 1))
if guarded and counters[writes + 1] ~= expected then
  return redis.error_reply('WRONGSTORE the identity of this Redis does not match')
end
local counted = {}

local function fail(write, reason)
  failed[#failed + 1] = write
  failed[#failed + 1] = reason
end

local function remove_events(write, arg)
  pcall('ZREMRANGEBYSCORE', KEYS[write], '(' .. ARGV[arg], ARGV[arg + 1])
end

local function append(write, arg, last)
  local events, counter = KEYS[write], KEYS[writes + write]
  local highest = counters[write]
  if not highest then
    -- MGET returns nothing for a key of another type.
    if redis.call('EXISTS', counter) == 1 then return 'WRONGTYPE the highest sequence number is not a string' end
    highest = '0'
  end

  local above = pcall('ZCOUNT', events, '(' .. highest, '+inf')
  if above ~= 0 then
    if type(above) == 'table' then return above.err end
    -- A server that was killed between the two commands can have events above its counter.
    highest = redis.call('ZREVRANGE', events, 0, 0, 'WITHSCORES')[2]
  end
  if highest ~= ARGV[arg] then return tonumber(highest) or 'ERR the highest sequence number is not a number' end

  for from = arg + 3, last, CHUNK do
    local added = pcall('ZADD', events, unpack(ARGV, from, math.min(from + CHUNK - 1, last)))
    if type(added) == 'table' then
      remove_events(write, arg)
      return added.err
    end
  end
  counted[#counted + 1] = counter
  counted[#counted + 1] = ARGV[arg + 1]
  return nil
end

local stored = {}
local arg = 1
for write = 1, writes do
  local last = arg + 2 + 2 * tonumber(ARGV[arg + 2])
  local failure = append(write, arg, last)
  if failure then fail(write, failure) else stored[write] = arg end
  arg = last + 1
end

if #counted > 0 then
  if guarded then
    counted[#counted + 1] = KEYS[#KEYS]
    counted[#counted + 1] = string.format('%.0f', tonumber(counters[writes + 2] or '0') + 1)
  end
  local set = pcall('MSET', unpack(counted))
  if set.err then
    for write, position in pairs(stored) do
      remove_events(write, position)
      fail(write, set.err)
    end
  end
end
return failed
