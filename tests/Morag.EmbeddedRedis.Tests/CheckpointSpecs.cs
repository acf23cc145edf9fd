using System.Globalization;
using Morag.Redis.TestServers;
using StackExchange.Redis;

namespace Morag.EmbeddedRedis.Tests;

/// <summary>The log is replaced by checkpoints while clients write. The test server's limit is 1 MB.</summary>
public sealed class CheckpointSpecs(GarnetServer server) : IClassFixture<GarnetServer>
{
    private const int Rounds = 4;
    private const int RoundBytes = 4_000_000;

    [Fact]
    public async Task Should_keep_log_small_and_lose_nothing_when_killed_while_checkpoints_are_taken()
    {
        for (var round = 1; round <= Rounds; round++)
        {
            await using (var connection = await server.ConnectAsync())
            {
                var database = connection.GetDatabase();
                var value = new string('x', 10_000);
                for (var written = 0; written < RoundBytes; written += value.Length * 10)
                {
                    var position = written;
                    await Task.WhenAll(Enumerable.Range(0, 10).Select(part => database.StringSetAsync($"replaced-{part}", $"{round} {position} {value}")));
                    await database.StringSetAsync($"kept-{round}-{position}", round);
                }
            }

            await server.RestartAsync();

            await using var again = await server.ConnectAsync();
            Assert.All(
                await again.GetDatabase().StringGetAsync([.. Enumerable.Range(0, 10).Select(part => (RedisKey)$"replaced-{part}")]),
                value => Assert.StartsWith($"{round} {RoundBytes - 100_000} ", value));
            Assert.Equal(round * RoundBytes / 100_000, (await again.GetServers()[0].KeysAsync(pattern: "kept-*").ToListAsync()).Count);
        }

        await using var reader = await server.ConnectAsync();
        await reader.GetDatabase().StringSetAsync("large", new string('x', RoundBytes));
        await Eventually.HoldsAsync(() => LogBytes(reader) < RoundBytes, "a checkpoint takes the place of the log");
    }

    private static long LogBytes(ConnectionMultiplexer connection)
    {
        var info = connection.GetServers()[0].Info("persistence").SelectMany(section => section)
            .ToDictionary(line => line.Key, line => line.Value);
        return Address("TailAddress") - Address("BeginAddress");

        long Address(string name) => long.Parse(info[name], CultureInfo.InvariantCulture);
    }
}
