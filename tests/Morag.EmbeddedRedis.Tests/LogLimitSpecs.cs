using System.Collections.Concurrent;
using System.Globalization;
using StackExchange.Redis;

namespace Morag.EmbeddedRedis.Tests;

public sealed class LogLimitSpecs : IDisposable
{
    private const int LogLimit = 1_000_000;
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"morag-embedded-{Guid.NewGuid():n}");
    private readonly ConcurrentQueue<string> log = [];

    public void Dispose()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Should_start_server_again_with_an_empty_log_and_all_acknowledged_writes_when_its_log_has_grown()
    {
        await using var redis = await StartAsync();
        for (var round = 1; round <= 2; round++)
        {
            log.Clear();
            await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString);
            var writes = new AcknowledgedWrites(connection.GetDatabase(), round);
            var running = writes.RunAsync();
            await Eventually.HoldsAsync(() => log.Any(line => line.Contains("runs again")), "the server is started again");
            writes.Stop();
            await running;

            await using var reader = await ConnectionMultiplexer.ConnectAsync($"{redis.ConnectionString},allowAdmin=true");
            await writes.ShouldAllBeInAsync(reader.GetDatabase());
            Assert.InRange(await LogBytesAsync(reader), 0, LogLimit);
            Assert.DoesNotContain(log, line => line.Contains("unexpectedly"));
        }
    }

    private Task<EmbeddedRedis> StartAsync() =>
        EmbeddedRedis.StartAsync(new EmbeddedRedisOptions { DataFolder = folder, LogLimit = LogLimit, Log = log.Enqueue });

    private static async Task<long> LogBytesAsync(ConnectionMultiplexer connection)
    {
        var info = (await connection.GetServers()[0].InfoAsync("persistence")).SelectMany(section => section)
            .ToDictionary(line => line.Key, line => line.Value);
        return Address("TailAddress") - Address("BeginAddress");

        long Address(string name) => long.Parse(info[name], CultureInfo.InvariantCulture);
    }
}
