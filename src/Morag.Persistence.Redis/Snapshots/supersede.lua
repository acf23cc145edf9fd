-- Removes snapshots in whose place a later one with their sequence number was stored.
-- KEYS: the sorted set of snapshots. ARGV: sequence number, and then each snapshot that is to go.
for i = 2, #ARGV do
  -- Never the last one, whoever saved what at the same time.
  if redis.call('ZCOUNT', KEYS[1], ARGV[1], ARGV[1]) > 1 then redis.call('ZREM', KEYS[1], ARGV[i]) end
end
