using HdrHistogram;
using Morag.Benchmarks.Reporting;
using Morag.Persistence.Redis.Benchmarks.Running;

namespace Morag.Persistence.Redis.Benchmarks.Scenarios;

/// <summary>One actor persists one event at a time.</summary>
internal sealed class OneWriter : IScenario
{
    private const int WarmUp = 40_000;
    private const int Measured = 60_000;

    public string Name => "one-writer";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await JournalSystem.StartAsync();
        var writers = system.StartWriters(Name, 1);
        await JournalSystem.WriteAsync(writers, new WriteOrder(WarmUp, 1));
        var latencies = new LongHistogram(TimeSpan.FromMinutes(1).Ticks, 3);
        var order = new WriteOrder(Measured, 1, latencies);
        var rate = await system.RateAsync(measurement, "write", Measured, () => JournalSystem.WriteAsync(writers, order));
        var raw = await measurement.AddRawRedisAsync(system.Redis.Port);
        measurement.Add("events_per_second", rate);
        measurement.AtLeast("of_raw_depth_1", rate / raw[1], 0.45);
        measurement.AddSpread("latency", latencies);
        measurement.Below("latency_p50_ms", Measurement.Milliseconds(latencies, 50), 0.15);
    }
}
