using Morag.Benchmarks.Reporting;
using Morag.Persistence.Redis.Benchmarks.Running;

namespace Morag.Persistence.Redis.Benchmarks.Scenarios;

/// <summary>100 actors persist at the same time, 10 events per <c>PersistAll</c>.</summary>
internal sealed class BatchWriters : IScenario
{
    private const int Actors = 100;
    private const int PerWrite = 10;
    private const int WarmUp = 400_000;
    private const int Measured = 1_000_000;

    public string Name => "persist-all";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await JournalSystem.StartAsync();
        var writers = system.StartWriters(Name, Actors);
        await JournalSystem.WriteAsync(writers, new WriteOrder(WarmUp / Actors / PerWrite, PerWrite));
        var order = new WriteOrder(Measured / Actors / PerWrite, PerWrite);
        var rate = await system.RateAsync(measurement, "write", Measured, () => JournalSystem.WriteAsync(writers, order));
        var raw = await measurement.AddRawRedisAsync(system.Redis.Port);
        measurement.AtLeast("events_per_second", rate, Math.Min(250_000, 3 * raw[100]));
        measurement.Add("of_raw_depth_100", rate / raw[100]);
    }
}
