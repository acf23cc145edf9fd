using System.Diagnostics;
using System.Globalization;
using HdrHistogram;

namespace Morag.Failover.Benchmarks.Running;

/// <summary>The heartbeats of <c>worker-0</c>, <c>worker-1</c> and so on, divided among connections and spread evenly over time.</summary>
internal sealed class FleetHeartbeats(LeanConnection[] connections, int workers, int seconds)
{
    /// <summary>How long the calls took, in microseconds.</summary>
    public HistogramBase Latencies { get; } = new LongConcurrentHistogram(1, TimeStamp.Seconds(60), 3);

    /// <summary>Sends a heartbeat of each worker in so many seconds, until it is stopped.</summary>
    public Task KeepAsync(CancellationToken stop)
    {
        var share = workers / connections.Length;
        return Task.WhenAll(connections.Select((connection, number) =>
            Pace.KeepAsync(share, seconds, beat => BeatAsync(connection, number + (beat % share * connections.Length), beat), stop)));
    }

    private async ValueTask BeatAsync(LeanConnection connection, long worker, long beat)
    {
        var start = Stopwatch.GetTimestamp();
        _ = await connection.PostAsync(string.Create(CultureInfo.InvariantCulture, $"/workers/worker-{worker}/heartbeat"), string.Create(
            CultureInfo.InvariantCulture,
            $$$"""
            {"status":"online","instance_id":"i-{{{worker}}}","held":[],
            "metrics":{"cpu_usage_percent":12.5,"memory_usage_percent":40.1,"active_tasks":0,
            "completed_tasks":{{{beat}}},"failed_tasks":0,"avg_task_duration_seconds":1.5}}
            """));
        Latencies.RecordValue((long)Stopwatch.GetElapsedTime(start).TotalMicroseconds);
    }
}
