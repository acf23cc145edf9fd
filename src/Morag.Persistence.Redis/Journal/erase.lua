-- Removes everything of one persistence id at once: a part of it would be a history that cannot be read.
-- KEYS: the sorted set of events, the highest sequence number, the snapshots, the identity of this Redis where it matters.
-- ARGV[1]: what the highest sequence number has to be; ARGV[2]: what the identity has to be, empty where it does not matter.
-- Answers 0 where the number is another: a writer that this one knows nothing of has come in between.
if ARGV[2] ~= '' and redis.call('GET', KEYS[4]) ~= ARGV[2] then
  return redis.error_reply('WRONGSTORE this Redis is not the one that the journal belongs to')
end

if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[1] then
  return 0
end

redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
return 1
