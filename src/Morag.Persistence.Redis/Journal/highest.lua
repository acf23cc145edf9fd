-- The highest sequence number of one persistence id, as a string: the counter, or the last event where that is higher.
-- KEYS: the sorted set of events, the highest sequence number, the identity of this Redis where it matters.
-- ARGV: what the identity has to be; empty where it does not matter.
if ARGV[1] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[1] then
  return redis.error_reply('WRONGSTORE this Redis is not the one that the journal belongs to')
end

local highest = redis.call('GET', KEYS[2]) or '0'
if redis.call('ZCOUNT', KEYS[1], '(' .. highest, '+inf') > 0 then
  highest = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
end
return highest
