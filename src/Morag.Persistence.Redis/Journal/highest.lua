-- Reads the highest sequence number of one persistence id: the counter, or the number of the last event if that is higher.
-- KEYS: the sorted set of events, the counter, and the identity of this Redis if ARGV[1] is not empty.
-- ARGV: the expected identity.
-- Returns the number. If there are events above the counter and several events with its number, returns the number and the counter,
-- because the events above it may belong to a failed write.
if ARGV[1] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[1] then
  return redis.error_reply('WRONGSTORE the identity of this Redis does not match')
end

local counter = redis.call('GET', KEYS[2]) or '0'
if redis.call('ZCOUNT', KEYS[1], '(' .. counter, '+inf') == 0 then return counter end

local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
if redis.call('ZCOUNT', KEYS[1], counter, counter) < 2 then return last end
return { last, counter }
