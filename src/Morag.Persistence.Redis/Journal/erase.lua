-- Removes everything of one persistence id at once: a part of it would be a history that cannot be read.
-- KEYS: the sorted set of events, the highest sequence number, the snapshots, the identity of this Redis where it matters.
-- ARGV[1]: what the identity has to be; empty where it does not matter.
if ARGV[1] ~= '' and redis.call('GET', KEYS[4]) ~= ARGV[1] then
  return redis.error_reply('WRONGSTORE this Redis is not the one that the journal belongs to')
end

redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
return 1
