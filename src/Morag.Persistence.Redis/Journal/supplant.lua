-- Removes events of one persistence id in whose place others were written, and those above the highest sequence number: they are of the
-- same write, and whoever wrote the others did not know of them.
-- KEYS: the sorted set of events, the highest sequence number, the identity of this Redis where it matters.
-- ARGV: how many events there were when they were looked at, and each event that is to go; last, what the identity has to be, empty where
--       it does not matter. Returns how many events were removed: 0 where there are more or fewer of them by now.
if ARGV[#ARGV] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[#ARGV] then
  return redis.error_reply('WRONGSTORE this Redis is not the one that the journal belongs to')
end
if redis.call('ZCOUNT', KEYS[1], '-inf', '+inf') ~= tonumber(ARGV[1]) then return 0 end

-- First those above: the others are what tells that these have to go, should a server be killed in between.
local removed = 0
local highest = redis.call('GET', KEYS[2])
if highest then removed = redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. highest, '+inf') end
for i = 2, #ARGV - 1 do removed = removed + redis.call('ZREM', KEYS[1], ARGV[i]) end
return removed
