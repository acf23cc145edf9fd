using StackExchange.Redis;

namespace Morag.EmbeddedRedis.Tests;

/// <summary>Supervision of the server continues whatever an operator, or the machine, does to the folder.</summary>
public sealed class SupervisionSpecs : IDisposable
{
    private readonly TestInstance instance = new();

    public void Dispose() => instance.Dispose();

    [Fact]
    public async Task Should_restart_and_stop_the_server_when_there_are_other_files_beside_its_log()
    {
        await using (var redis = await instance.StartAsync())
        {
            foreach (var name in new[] { "aof.log.0.bak", "aof.log.", "aof.log.00", "aof.log.99999999999", "aof.log.-1" })
            {
                File.Copy(Path.Combine(instance.ServerLog, "aof.log.0"), Path.Combine(instance.ServerLog, name));
            }

            await instance.KillAndAwaitRestartAsync(redis);
        }

        await using var again = await instance.StartAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync(again.ConnectionString);
        await connection.GetDatabase().PingAsync();
    }

    [Fact]
    public async Task Should_restart_the_server_when_supervision_fails_meanwhile()
    {
        var failures = 0;
        await using var redis = await instance.StartAsync(options => options with { Log = LogAndFailOnce });

        await instance.KillAndAwaitRestartAsync(redis);

        Assert.Contains(
            instance.Log, static line => line.Contains("will be retried") && line.Contains("FormatException: not a number"));

        void LogAndFailOnce(string line)
        {
            instance.Log.Enqueue(line);
            if (line.Contains("exited unexpectedly", StringComparison.Ordinal) && Interlocked.Increment(ref failures) == 1)
            {
                throw new FormatException("not a number");
            }
        }
    }

    /// <summary>Otherwise the next start would fail because the folder is in use.</summary>
    [Fact]
    public async Task Should_unlock_the_folder_when_disposed_while_the_server_cannot_restart()
    {
        var redis = await instance.StartAsync();
        Directory.Delete(instance.Data, recursive: true);
        TestInstance.Kill(redis);
        await Wait.UntilAsync(() => instance.Log.Any(static line => line.Contains("is incomplete")), "the restart is refused");
        await redis.DisposeAsync();

        var refusal = await Assert.ThrowsAsync<DataLossException>(() => instance.StartAsync());

        var remedy = $"Restore the folder from a backup. To continue with the remaining data, start once with --accept {refusal.Token}";
        Assert.Contains(instance.Log, line => line.EndsWith(remedy, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_say_how_to_find_the_process_that_uses_the_folder_when_its_id_is_unknown()
    {
        var serverLock = Path.Combine(instance.Folder, "server.lock");
        await using var held = new FileStream(serverLock, FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        await File.WriteAllTextAsync(Path.Combine(instance.Folder, "server.pid"), "?");

        var refusal = await Assert.ThrowsAsync<EmbeddedRedisException>(() => instance.StartAsync());

        Assert.Contains("End the process that has", refusal.Message, StringComparison.Ordinal);
    }
}
