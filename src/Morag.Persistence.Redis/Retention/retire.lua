-- Removes the events and the snapshots of an ended persistence id, unless something was written since it was looked at.
-- KEYS: the sorted set of events, the highest sequence number, the sorted set of snapshots.
-- ARGV: the number of the event that ended the id, the number after it. Returns 1 where the entries were removed, 0 otherwise.
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
if last ~= ARGV[1] or redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
if redis.call('ZCOUNT', KEYS[3], '(' .. ARGV[1], '+inf') > 0 then return 0 end

-- One number is taken up, as if by somebody else: an actor that has read any of what goes now, or all of it, cannot write
-- on top of it, but has to recover first. This comes first, so that it also holds where a server is killed in between;
-- what it leaves then stays.
redis.call('SET', KEYS[2], ARGV[2])
redis.call('UNLINK', KEYS[1], KEYS[3])
return 1
