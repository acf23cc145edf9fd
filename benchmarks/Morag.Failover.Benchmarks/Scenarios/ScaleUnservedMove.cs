using System.Diagnostics;
using System.Text.Json;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>Moves 20,000 tasks from a queue that nobody serves to the next one. Measures the rate, and how long other calls take.</summary>
internal sealed class ScaleUnservedMove : IScenario
{
    private const int Tasks = 20_000;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    public string Name => "scale-unserved-move";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await BenchmarkSystem.StartAsync("unserved.conf");
        using var connection = await LeanConnection.OpenAsync(system.Node.Address);
        await Work.RegisterAsync(connection, "worker", 4);
        for (var first = 0; first < Tasks; first += Work.MostPerCall)
        {
            await Work.SubmitAsync(connection, "task", first, Work.MostPerCall, _ => "", "gpu_fallback");
        }

        var waiting = Stopwatch.StartNew();
        while (await PendingAsync(system, BenchmarkSystem.Queue) == 0)
        {
            await WaitAsync(waiting);
        }

        var moving = Stopwatch.StartNew();
        var slowest = TimeSpan.Zero;
        for (var call = 0; await PendingAsync(system, "gpu_fallback") > 0; call++)
        {
            var start = Stopwatch.GetTimestamp();
            await connection.PostAsync("/tasks", $$"""{"task_id":"other-{{call}}","queue":"cpu_batch"}""");
            var took = Stopwatch.GetElapsedTime(start);
            slowest = took > slowest ? took : slowest;
            await WaitAsync(moving);
        }

        measurement.AtLeast("moved_per_second", Tasks / moving.Elapsed.TotalSeconds, 1_000);
        measurement.Add("slowest_submission_meanwhile_ms", slowest.TotalMilliseconds);
    }

    private static Task WaitAsync(Stopwatch since) => since.Elapsed < Longest
        ? Task.Delay(TimeSpan.FromMilliseconds(50))
        : throw new TimeoutException($"Some tasks have not moved after {Longest}");

    private static async Task<int> PendingAsync(BenchmarkSystem system, string queue) =>
        (await system.Node.Client.GetAsync<JsonElement>("/queues")).EnumerateArray()
            .Single(stats => stats.GetProperty("queue_type").GetString() == queue)
            .GetProperty("pending_tasks").GetInt32();
}
