-- Deletes the oldest events of one persistence id.
-- KEYS: the sorted set of events, the highest sequence number, and the identity of this Redis if ARGV[3] is not empty.
-- ARGV: the last sequence number to delete, the maximum range of sequence numbers to delete in one call, the expected identity.
-- Returns 1 if there are more events to delete, and 0 otherwise.
if ARGV[3] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[3] then
  return redis.error_reply('WRONGSTORE the identity of this Redis does not match')
end

local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if #oldest == 0 then return 0 end

-- Before an event is deleted, the counter must include its number.
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
if tonumber(last) > tonumber(redis.call('GET', KEYS[2]) or '0') then redis.call('SET', KEYS[2], last) end

local upTo = math.min(tonumber(ARGV[1]), tonumber(last))
local page = math.min(upTo, tonumber(oldest[2]) + tonumber(ARGV[2]) - 1)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', page))
return page < upTo and 1 or 0
