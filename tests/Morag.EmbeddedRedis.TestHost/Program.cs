using Morag.EmbeddedRedis;

// A process that owns an embedded Redis, for tests that kill it: prints the connection string, and stops in good order
// at the end of its input.
await using var redis = await EmbeddedRedis.StartAsync(new EmbeddedRedisOptions { DataFolder = args[0] });
await Console.Out.WriteLineAsync(redis.ConnectionString);
await Console.In.ReadToEndAsync();
