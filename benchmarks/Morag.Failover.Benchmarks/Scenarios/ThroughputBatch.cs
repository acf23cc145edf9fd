using System.Diagnostics;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>Throughput of tasks that are submitted 100 per call, and leased and completed in batches by one worker.</summary>
internal sealed class ThroughputBatch : IScenario
{
    private const int PerSubmission = 100;
    private const int PerLease = 500;
    private const int WarmUp = 30_000;
    private const int Measured = 80_000;
    internal const string Worker = "agent";

    public string Name => "throughput-batch";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await BenchmarkSystem.StartAsync();
        var connections = await LeanConnection.OpenManyAsync(system.Node.Address, 4);
        await Work.RegisterAsync(connections[0], Worker, 10_000);
        _ = await RunAsync(connections, "warm", WarmUp);
        var before = system.NodeUse().Processor;
        var elapsed = await RunAsync(connections, "task", Measured);
        measurement.AtLeast("tasks_per_second", Measured / elapsed.TotalSeconds, 8_000);
        measurement.Add("node_processor_us_per_task", (system.NodeUse().Processor - before).TotalMicroseconds / Measured);
        await measurement.AddRawRedisAsync(system.Redis.Port);
        Array.ForEach(connections, connection => connection.Dispose());
    }

    /// <summary>Submits, leases and completes tasks over four connections. The worker must be registered with enough places.</summary>
    internal static async Task<TimeSpan> RunAsync(LeanConnection[] connections, string prefix, int count)
    {
        var left = count;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(
            SubmitAsync(connections[0], prefix, 0, count / 2),
            SubmitAsync(connections[1], prefix, count / 2, count),
            WorkAsync(connections[2]),
            WorkAsync(connections[3]));
        return watch.Elapsed;

        async Task WorkAsync(LeanConnection connection)
        {
            while (Volatile.Read(ref left) > 0)
            {
                var leases = await Work.LeaseAsync(connection, Worker, PerLease, 1);
                if (leases.Count > 0)
                {
                    await Work.CompleteAsync(connection, Worker, leases);
                    _ = Interlocked.Add(ref left, -leases.Count);
                }
            }
        }
    }

    private static async Task SubmitAsync(LeanConnection connection, string prefix, int from, int to)
    {
        for (var number = from; number < to; number += PerSubmission)
        {
            await Work.SubmitAsync(connection, prefix, number, PerSubmission);
        }
    }
}
