-- Deletes everything that is stored for one persistence id in one step, because part of a history cannot be recovered.
-- KEYS: the sorted set of events, the highest sequence number, the snapshots, and the identity of this Redis if ARGV[2] is not empty.
-- ARGV: the expected highest sequence number, the expected identity.
-- Returns 1, or 0 if the highest sequence number is different because another actor has written under the id.
if ARGV[2] ~= '' and redis.call('GET', KEYS[4]) ~= ARGV[2] then
  return redis.error_reply('WRONGSTORE the identity of this Redis does not match')
end

if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[1] then
  return 0
end

redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
return 1
