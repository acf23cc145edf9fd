-- Removes the events of a failed write that Redis brought back after a crash, and keeps a copy of them.
-- KEYS: the sorted set of events, the highest sequence number, the sorted set of copies, and the identity of this Redis if the last of
--       ARGV is not empty.
-- ARGV: the highest sequence number when the decision was made, empty if it was missing; the lifetime of the copies in seconds; number
--       and member of each event, in descending order; the expected identity.
-- Returns the number of removed events, or -1 if an actor has written since the decision. Then nothing is removed.
if ARGV[#ARGV] ~= '' and redis.call('GET', KEYS[4]) ~= ARGV[#ARGV] then
  return redis.error_reply('WRONGSTORE the identity of this Redis does not match')
end
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then return -1 end

-- Lua 5.1 unpacks about 8,000 values.
local CHUNK = 4000
for from = 3, #ARGV - 1, CHUNK do
  redis.call('ZADD', KEYS[3], unpack(ARGV, from, math.min(from + CHUNK - 1, #ARGV - 1)))
end
redis.call('EXPIRE', KEYS[3], ARGV[2])

-- In descending order: after a crash halfway, the lower numbers still have two events each.
local removed = 0
for from = 3, #ARGV - 1, CHUNK do
  local members = {}
  for i = from + 1, math.min(from + CHUNK - 1, #ARGV - 1), 2 do members[#members + 1] = ARGV[i] end
  removed = removed + redis.call('ZREM', KEYS[1], unpack(members))
end
return removed
