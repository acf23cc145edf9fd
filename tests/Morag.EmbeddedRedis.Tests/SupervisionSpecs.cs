using System.Collections.Concurrent;
using System.Diagnostics;
using StackExchange.Redis;

namespace Morag.EmbeddedRedis.Tests;

/// <summary>Nothing that an operator, or the machine, does to the folder ends the supervision of the server.</summary>
public sealed class SupervisionSpecs : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("morag-supervision-").FullName;
    private readonly ConcurrentQueue<string> log = [];

    private string LogFolder => Path.Combine(folder, "data/AOF");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Should_restart_the_server_and_stop_when_there_are_other_files_beside_its_log()
    {
        await using (var redis = await StartAsync())
        {
            foreach (var name in new[] { "aof.log.0.bak", "aof.log.", "aof.log.00", "aof.log.99999999999", "aof.log.-1" })
            {
                File.Copy(Path.Combine(LogFolder, "aof.log.0"), Path.Combine(LogFolder, name));
            }

            await KillAndAwaitRestartAsync(redis);
        }

        await using var again = await StartAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync(again.ConnectionString);
        await connection.GetDatabase().PingAsync();
    }

    [Fact]
    public async Task Should_restart_the_server_when_something_unexpected_fails_meanwhile()
    {
        var failures = 0;
        await using var redis = await StartAsync(line =>
        {
            log.Enqueue(line);
            if (line.Contains("ended unexpectedly", StringComparison.Ordinal) && Interlocked.Increment(ref failures) == 1)
            {
                throw new FormatException("not a number");
            }
        });

        await KillAndAwaitRestartAsync(redis);

        Assert.Contains(log, static line => line.Contains("is retried") && line.Contains("FormatException: not a number"));
    }

    /// <summary>So that the next start is not told that the folder is in use.</summary>
    [Fact]
    public async Task Should_give_the_folder_back_when_the_server_is_down_for_good()
    {
        var redis = await StartAsync();
        Directory.Delete(Path.Combine(folder, "data"), recursive: true);
        Kill(redis);
        await Wait.UntilAsync(() => log.Any(static line => line.Contains("is incomplete")), "the restart is refused");
        await redis.DisposeAsync();

        var refusal = await Assert.ThrowsAsync<DataLossException>(() => StartAsync());

        var remedy = $"Restore the folder from a backup. To go on with the remaining data, start once with --accept {refusal.Loss}";
        Assert.Contains(log, line => line.EndsWith(remedy, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_say_who_holds_the_folder_when_the_server_that_does_is_unknown()
    {
        await using var held = new FileStream(Path.Combine(folder, "server.lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        await File.WriteAllTextAsync(Path.Combine(folder, "server.pid"), "?");

        var refusal = await Assert.ThrowsAsync<EmbeddedRedisException>(() => StartAsync());

        Assert.Contains("end the process that has", refusal.Message, StringComparison.Ordinal);
    }

    private async Task KillAndAwaitRestartAsync(EmbeddedRedis redis)
    {
        Kill(redis);
        await Wait.UntilAsync(() => log.Any(static line => line.Contains("runs again")), "the server is started again");
    }

    private static void Kill(EmbeddedRedis redis)
    {
        using var process = Process.GetProcessById(redis.ServerProcessId);
        process.Kill();
    }

    private Task<EmbeddedRedis> StartAsync(Action<string>? logTo = null) =>
        EmbeddedRedis.StartAsync(new EmbeddedRedisOptions { DataFolder = folder, AcceptDataLossOption = "--accept", Log = logTo ?? log.Enqueue });
}
