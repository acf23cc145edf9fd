-- The highest sequence number of one persistence id, as a string: the counter, or the last event where that is higher.
-- KEYS: the sorted set of events, the highest sequence number, the identity of this Redis where it matters.
-- ARGV[1]: '1' to get a list of the number and of how many events there are beyond one for each number, 0 or less where all is well.
-- ARGV[2]: what the identity has to be; empty where it does not matter.
if ARGV[2] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[2] then
  return redis.error_reply('WRONGSTORE this Redis is not the one that the journal belongs to')
end

local highest = redis.call('GET', KEYS[2]) or '0'
local last = highest
if redis.call('ZCOUNT', KEYS[1], '(' .. highest, '+inf') > 0 then
  last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
end
if ARGV[1] ~= '1' then return last end

local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
if not first then return { last, 0 } end
return { last, redis.call('ZCOUNT', KEYS[1], '-inf', '+inf') - (tonumber(last) - tonumber(first) + 1) }
