-- Removes the oldest events of one persistence id, at most ARGV[2] sequence numbers of them, up to number ARGV[1].
-- KEYS: the sorted set of events, the highest sequence number, the identity of this Redis where it matters.
-- ARGV[3]: what the identity has to be; empty where it does not matter. Returns 1 where more events are left.
if ARGV[3] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[3] then
  return redis.error_reply('WRONGSTORE this Redis is not the one that the journal belongs to')
end

local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if #oldest == 0 then return 0 end

-- The counter must know every number before its event goes.
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
if tonumber(last) > tonumber(redis.call('GET', KEYS[2]) or '0') then redis.call('SET', KEYS[2], last) end

local upTo = math.min(tonumber(ARGV[1]), tonumber(last))
local page = math.min(upTo, tonumber(oldest[2]) + tonumber(ARGV[2]) - 1)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', page))
return page < upTo and 1 or 0
