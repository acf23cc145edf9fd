-- Removes the events of a failed write that Redis brought back after a crash, and keeps a copy of them for a while.
-- KEYS: the sorted set of events, the highest sequence number, the sorted set of removed events, the identity of this Redis where it
--       matters.
-- ARGV: what the highest sequence number was when the events were judged, empty if it was missing; the seconds to keep the copy; the
--       number and member of each event, in descending order; last, what the identity has to be, empty where it does not matter.
-- Returns how many events were removed, or -1 if somebody has written since they were judged. Then nothing is removed.
if ARGV[#ARGV] ~= '' and redis.call('GET', KEYS[4]) ~= ARGV[#ARGV] then
  return redis.error_reply('WRONGSTORE this Redis is not the one that the journal belongs to')
end
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then return -1 end

-- Lua 5.1 unpacks about 8,000 values.
local CHUNK = 4000
for from = 3, #ARGV - 1, CHUNK do
  redis.call('ZADD', KEYS[3], unpack(ARGV, from, math.min(from + CHUNK - 1, #ARGV - 1)))
end
redis.call('EXPIRE', KEYS[3], ARGV[2])

-- The highest number first: after a crash in between, the lower ones still show that a number has two events.
local removed = 0
for from = 3, #ARGV - 1, CHUNK do
  local members = {}
  for i = from + 1, math.min(from + CHUNK - 1, #ARGV - 1), 2 do members[#members + 1] = ARGV[i] end
  removed = removed + redis.call('ZREM', KEYS[1], unpack(members))
end
return removed
