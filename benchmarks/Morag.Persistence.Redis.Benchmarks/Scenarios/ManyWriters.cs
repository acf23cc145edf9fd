using System.Globalization;
using Morag.Benchmarks.Reporting;
using Morag.Persistence.Redis.Benchmarks.Running;

namespace Morag.Persistence.Redis.Benchmarks.Scenarios;

/// <summary>Many actors persist at the same time, each one event at a time.</summary>
internal sealed class ManyWriters(int actors) : IScenario
{
    private const int WarmUp = 300_000;
    private const int Measured = 400_000;

    public string Name { get; } = string.Create(CultureInfo.InvariantCulture, $"{actors}-writers");

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await JournalSystem.StartAsync();
        var writers = system.StartWriters(Name, actors);
        await JournalSystem.WriteAsync(writers, new WriteOrder(WarmUp / actors, 1));
        var order = new WriteOrder(Measured / actors, 1);
        var rate = await system.RateAsync(measurement, "write", Measured, () => JournalSystem.WriteAsync(writers, order));
        var raw = await measurement.AddRawRedisAsync(system.Redis.Port);
        await measurement.AddRawRedisOnKeysAsync(system.Redis.Port, actors);
        measurement.Add("events_per_second", rate);
        measurement.AtLeast("of_raw_depth_100", rate / raw[100], 0.9);
    }
}
