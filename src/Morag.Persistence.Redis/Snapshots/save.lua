-- Stores one snapshot in the place of every other with its sequence number.
-- KEYS: the sorted set of snapshots. ARGV: sequence number, snapshot.
local replaced = {}
if redis.call('ZCOUNT', KEYS[1], ARGV[1], ARGV[1]) > 0 then
  replaced = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[1])
end
-- The new one first: a server killed in between must not be left with neither.
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
for _, old in ipairs(replaced) do
  if old ~= ARGV[2] then redis.call('ZREM', KEYS[1], old) end
end
return #replaced
