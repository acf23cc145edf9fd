-- Appends writes, each to the events of one persistence id, if it continues them without a gap.
-- KEYS: for each write, its sorted set of events and its highest sequence number.
-- ARGV: for each write, the number before its first event, its last number, the count of its events,
--       and then score and member of each event. A count of 0 only takes the numbers up.
-- Returns the failed writes: position (from 1) and reason, which is the highest number where the write
-- did not continue it, else an error. Nothing of a failed write is stored.

-- Most values in one unpack. Redis (Lua 5.1) allows about 8,000, and runs a script whole or not at all. Garnet (Lua 5.4)
-- logs command by command, so that there a batch has to be one command to be whole after a crash.
local CHUNK = _VERSION == 'Lua 5.1' and 4000 or 400000

local failed = {}

local function append(events, counter, arg)
  local expected = ARGV[arg]
  local highest = redis.pcall('GET', counter)
  if type(highest) == 'table' then return highest.err end
  if not highest then
    -- Garnet finds nothing in a key of another type, where Redis says so.
    if redis.call('EXISTS', counter) == 1 then return 'WRONGTYPE the highest sequence number is not a string' end
    highest = '0'
  end

  local above = redis.pcall('ZCOUNT', events, '(' .. highest, '+inf')
  if type(above) == 'table' then return above.err end
  -- A server killed between the two writes below may hold events above its counter.
  if above > 0 then highest = redis.call('ZREVRANGE', events, 0, 0, 'WITHSCORES')[2] end
  if highest ~= expected then return tonumber(highest) end

  local first = arg + 3
  local last = arg + 2 + 2 * tonumber(ARGV[arg + 2])
  for from = first, last, CHUNK do
    local added = redis.pcall('ZADD', events, unpack(ARGV, from, math.min(from + CHUNK - 1, last)))
    if type(added) == 'table' then return added.err end
  end
  local counted = redis.pcall('SET', counter, ARGV[arg + 1])
  if counted.err then return counted.err end
  return nil
end

local arg = 1
for write = 1, #KEYS / 2 do
  local failure = append(KEYS[2 * write - 1], KEYS[2 * write], arg)
  if failure then
    failed[#failed + 1] = write
    failed[#failed + 1] = failure
  end
  arg = arg + 3 + 2 * tonumber(ARGV[arg + 2])
end
return failed
