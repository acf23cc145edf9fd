-- Removes the events and snapshots of an ended persistence id, unless something was written since its last event was read.
-- KEYS: the sorted set of events, the highest sequence number, the sorted set of snapshots.
-- ARGV: the number of the event that ended the id, the number after it.
-- Returns 1 if the entries were removed, and 0 otherwise.
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
if last ~= ARGV[1] or redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
if redis.call('ZCOUNT', KEYS[3], '(' .. ARGV[1], '+inf') > 0 then return 0 end

-- Uses up one number, as another writer would: an actor that has read any of the removed entries cannot write after them, and must
-- recover first. This is the first command, so it also holds if the server is killed before the next one. The entries then stay.
redis.call('SET', KEYS[2], ARGV[2])
redis.call('UNLINK', KEYS[1], KEYS[3])
return 1
