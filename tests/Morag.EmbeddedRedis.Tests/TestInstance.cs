using System.Collections.Concurrent;
using System.Diagnostics;

namespace Morag.EmbeddedRedis.Tests;

/// <summary>A data folder of one test, the servers that it starts on it, and their log. Deletes the folder at the end.</summary>
internal sealed class TestInstance : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("morag-embedded-").FullName;

    public string Data => Path.Combine(Folder, "data");

    public string ServerLog => Path.Combine(Data, "AOF");

    public ConcurrentQueue<string> Log { get; } = [];

    public Task<EmbeddedRedis> StartAsync(Func<EmbeddedRedisOptions, EmbeddedRedisOptions>? change = null)
    {
        var options = new EmbeddedRedisOptions { DataFolder = Folder, AcceptDataLossOption = "--accept", Log = Log.Enqueue };
        return EmbeddedRedis.StartAsync(change?.Invoke(options) ?? options);
    }

    public async Task KillAndAwaitRestartAsync(EmbeddedRedis redis)
    {
        Log.Clear();
        Kill(redis);
        await AwaitRestartAsync();
    }

    public Task AwaitRestartAsync() =>
        Wait.UntilAsync(() => Log.Any(static line => line.Contains("running again", StringComparison.Ordinal)), "the server restarts");

    /// <summary>Kills the server, and returns once its process is gone.</summary>
    public static void Kill(EmbeddedRedis redis)
    {
        using var process = Process.GetProcessById(redis.ServerProcessId);
        process.Kill();
        process.WaitForExit();
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
