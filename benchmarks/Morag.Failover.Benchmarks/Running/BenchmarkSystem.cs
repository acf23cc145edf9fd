using System.Diagnostics;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Benchmarks.Running;

/// <summary>A new redis-server with an append-only file (everysec) and a new node on it. Their folders are deleted with them.</summary>
internal sealed class BenchmarkSystem : IAsyncDisposable
{
    /// <summary>The queue that most benchmarks use.</summary>
    public const string Queue = "cpu_standard";

    private BenchmarkSystem(RedisServer redis, NodeProcess node, DirectoryInfo folder)
    {
        Redis = redis;
        Node = node;
        Folder = folder;
    }

    public RedisServer Redis { get; }

    public NodeProcess Node { get; }

    public DirectoryInfo Folder { get; }

    /// <param name="settings">Settings files beside the program, added to <c>benchmark.conf</c>.</param>
    public static async Task<BenchmarkSystem> StartAsync(params string[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("morag-benchmark-");
        var redis = new RedisServer { AppendFsync = AppendFsync.EverySecond };
        await redis.InitializeAsync();
        var config = string.Concat(settings.Prepend("benchmark.conf").Select(Read));
        var node = await NodeProcess.StartAsync(
            new NodeProcessSettings { Redis = redis.ConnectionString, DataFolder = folder.FullName, Config = config });
        return new BenchmarkSystem(redis, node, folder);
    }

    /// <summary>The processor time that the node has used so far, and its memory.</summary>
    public (TimeSpan Processor, double MemoryMiB) NodeUse()
    {
        using var process = Process.GetProcessById(Node.Program.Id);
        return (process.TotalProcessorTime, process.WorkingSet64 / (double)(1 << 20));
    }

    /// <summary>The processor cores that the node uses over a time, and its memory at the end.</summary>
    public async Task<(double Cores, double MemoryMiB)> NodeUseAsync(TimeSpan time)
    {
        var (before, _) = NodeUse();
        var watch = Stopwatch.StartNew();
        await Task.Delay(time);
        var (after, memory) = NodeUse();
        return ((after - before) / watch.Elapsed, memory);
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        await Redis.DisposeAsync();
        Folder.Delete(recursive: true);
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, file)) + "\n";
}
