-- The snapshot with the highest sequence number within bounds, after skipping some.
-- KEYS: the sorted set of snapshots. ARGV: highest number, lowest number, how many to skip.
-- Returns the snapshot, its number, and how many have that number; nothing if there is none.
local found = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[2], 'WITHSCORES', 'LIMIT', ARGV[3], 1)
if #found == 0 then return {} end
return { found[1], found[2], redis.call('ZCOUNT', KEYS[1], found[2], found[2]) }
