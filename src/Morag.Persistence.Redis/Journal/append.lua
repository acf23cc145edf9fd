-- Appends writes, each to the events of one persistence id, if it continues them without a gap.
-- KEYS: for each write, its sorted set of events and its highest sequence number.
-- ARGV: for each write, the number before its first event, its last number, the count of its events,
--       and then score and member of each event. A count of 0 only takes the numbers up.
-- Returns the failed writes: position (from 1) and reason, which is the highest number where the write
-- did not continue it, else an error. Nothing of a failed write is stored.

-- Redis allows about 8,000 values in one unpack.
local CHUNK = 4000

local failed = {}

local function append(events, counter, arg)
  local expected = ARGV[arg]
  local highest = redis.pcall('GET', counter) or '0'
  if type(highest) == 'table' then return highest.err end

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
