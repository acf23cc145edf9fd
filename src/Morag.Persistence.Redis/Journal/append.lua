-- Appends writes, each to the events of another persistence id, if it continues them without a gap.
-- KEYS: the sorted sets of events of all writes, and then, in the same order, their highest sequence numbers; then, if the
--       last of ARGV is not empty, the identity of this Redis and the count of calls that have written.
-- ARGV: for each write, the number before its first event, its last number, the count of its events,
--       and then score and member of each event. A count of 0 only takes the numbers up. Last, what the identity has to be.
-- Returns the failed writes: position (from 1) and reason, which is the highest number where the write
-- did not continue it, else an error. Nothing of a failed write is stored.

-- Most values in one unpack. Redis (Lua 5.1) allows about 8,000, and runs a script whole or not at all. Garnet (Lua 5.4)
-- logs command by command, so that there a batch has to be one command to be whole after a crash.
local CHUNK = _VERSION == 'Lua 5.1' and 4000 or 400000

local KEYS, ARGV, pcall, unpack = KEYS, ARGV, redis.pcall, unpack
local expected = ARGV[#ARGV]
local guarded = expected ~= ''
local writes = math.floor((guarded and #KEYS - 2 or #KEYS) / 2)
local failed = {}

-- One call for the highest numbers of all writes, and one in the end to set them: calls are what a script costs.
local counters = redis.call('MGET', unpack(KEYS, writes + 1))
if guarded and counters[writes + 1] ~= expected then
  return redis.error_reply('WRONGSTORE this Redis is not the one that the journal belongs to')
end
local counted = {}

local function fail(write, reason)
  failed[#failed + 1] = write
  failed[#failed + 1] = reason
end

local function take_back(write, arg)
  pcall('ZREMRANGEBYSCORE', KEYS[write], '(' .. ARGV[arg], ARGV[arg + 1])
end

local function append(write, arg, last)
  local events, counter = KEYS[write], KEYS[writes + write]
  local highest = counters[write]
  if not highest then
    -- MGET finds nothing in a key of another type.
    if redis.call('EXISTS', counter) == 1 then return 'WRONGTYPE the highest sequence number is not a string' end
    highest = '0'
  end

  local above = pcall('ZCOUNT', events, '(' .. highest, '+inf')
  if above ~= 0 then
    if type(above) == 'table' then return above.err end
    -- A server killed between storing events and counting them may hold events above its counter.
    highest = redis.call('ZREVRANGE', events, 0, 0, 'WITHSCORES')[2]
  end
  if highest ~= ARGV[arg] then return tonumber(highest) or 'ERR the highest sequence number is not a number' end

  for from = arg + 3, last, CHUNK do
    local added = pcall('ZADD', events, unpack(ARGV, from, math.min(from + CHUNK - 1, last)))
    if type(added) == 'table' then
      take_back(write, arg)
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
      take_back(write, position)
      fail(write, set.err)
    end
  end
end
return failed
