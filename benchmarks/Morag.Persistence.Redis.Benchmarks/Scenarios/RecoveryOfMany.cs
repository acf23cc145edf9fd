using Morag.Benchmarks.Reporting;
using Morag.Persistence.Redis.Benchmarks.Running;

namespace Morag.Persistence.Redis.Benchmarks.Scenarios;

/// <summary>1,000 actors recover 100 events each, all started at once.</summary>
internal sealed class RecoveryOfMany : IScenario
{
    private const int Actors = 1000;
    private const int Events = 100;
    private const int WarmUps = 20;
    private const int Repetitions = 10;

    public string Name => "recovery-of-many";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await JournalSystem.StartAsync();
        var writers = system.StartWriters(Name, Actors);
        await JournalSystem.WriteAsync(writers, new WriteOrder(1, Events));
        for (var run = 0; run < WarmUps; run++) await RecoverAsync();
        var rate = await system.RateAsync(measurement, "recovery", Repetitions * Actors * Events, async () =>
        {
            for (var run = 0; run < Repetitions; run++) await RecoverAsync();
        });
        _ = await measurement.AddRawRedisAsync(system.Redis.Port);
        measurement.AtLeast("events_per_second", rate, 250_000);

        // Actors of earlier runs stay idle: stopping them is not part of recovery.
        Task RecoverAsync() => JournalSystem.ExpectRecoveredAsync(system.StartWriters(Name, Actors), Events);
    }
}
