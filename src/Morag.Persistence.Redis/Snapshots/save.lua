-- Stores one snapshot in the place of every other with its sequence number.
-- KEYS: the sorted set of snapshots. ARGV: sequence number, snapshot.
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[1])) do
  -- The new one is stored already: a server killed in between must not be left with neither.
  if old ~= ARGV[2] then redis.call('ZREM', KEYS[1], old) end
end
