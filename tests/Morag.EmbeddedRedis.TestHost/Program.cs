using Morag.EmbeddedRedis;

// Owns an embedded Redis, for tests that kill this process. Prints the connection string, and shuts down at the end of its input.
await using var redis = await EmbeddedRedis.StartAsync(new EmbeddedRedisOptions { DataFolder = args[0] });
await Console.Out.WriteLineAsync(redis.ConnectionString);
await Console.In.ReadToEndAsync();
