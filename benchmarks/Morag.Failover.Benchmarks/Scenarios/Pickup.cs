using System.Diagnostics;
using HdrHistogram;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>Latency in an idle system from the submission of a task until a waiting worker has its lease.</summary>
internal sealed class Pickup : IScenario
{
    private const int WarmUp = 500;
    private const int Measured = 500;
    private const string Worker = "waiting";

    // Long enough for the worker's next call to be waiting.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    public string Name => "pickup";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await BenchmarkSystem.StartAsync();
        using var submitting = await LeanConnection.OpenAsync(system.Node.Address);
        using var working = await LeanConnection.OpenAsync(system.Node.Address);
        await Work.RegisterAsync(submitting, Worker, 10);
        _ = await RunAsync(submitting, working, "warm", WarmUp);
        var latencies = await RunAsync(submitting, working, "task", Measured);
        measurement.Below("submit_to_lease_median_ms", Measurement.Milliseconds(latencies, 50), 3);
        measurement.AddSpread("submit_to_lease", latencies);
        await measurement.AddRawRedisAsync(system.Redis.Port);
    }

    private static async Task<HistogramBase> RunAsync(LeanConnection submitting, LeanConnection working, string prefix, int count)
    {
        var latencies = new LongHistogram(TimeStamp.Seconds(60), 3);
        for (var number = 0; number < count; number++)
        {
            var waiting = Work.LeaseAllAsync(working, Worker, 1);
            await Task.Delay(Pause);
            var start = Stopwatch.GetTimestamp();
            var submitted = submitting.PostAsync("/tasks", Work.TaskBody(prefix, number));
            var leases = await waiting;
            latencies.RecordValue((long)Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            _ = await submitted;
            await Work.CompleteAsync(working, Worker, leases);
        }

        return latencies;
    }
}
