-- Removes snapshots that a later one with the same sequence number has replaced.
-- KEYS: the sorted set of snapshots.
-- ARGV: the sequence number, then each snapshot to remove.
for i = 2, #ARGV do
  -- At least one snapshot stays, whatever other writers do at the same time.
  if redis.call('ZCOUNT', KEYS[1], ARGV[1], ARGV[1]) > 1 then redis.call('ZREM', KEYS[1], ARGV[i]) end
end
