using System.Diagnostics;
using HdrHistogram;
using Morag.Benchmarks.Reporting;
using Morag.Persistence.Redis.Benchmarks.Running;

namespace Morag.Persistence.Redis.Benchmarks.Scenarios;

/// <summary>One actor recovers a long history, while others use the same Redis from the same process.</summary>
internal sealed class RecoveryOfOne : IScenario
{
    private const int Events = 100_000;
    private const int PerWrite = 1000;
    private const int WarmUps = 5;
    private const int Repetitions = 5;

    public string Name => "recovery-of-one";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await JournalSystem.StartAsync();
        var writers = system.StartWriters(Name, 1);
        await JournalSystem.WriteAsync(writers, new WriteOrder(Events / PerWrite, PerWrite));
        for (var run = 0; run < WarmUps; run++) await RecoverAsync();

        var pings = new LongHistogram(TimeSpan.FromMinutes(1).Ticks, 3);
        using var done = new CancellationTokenSource();
        var pinging = PingAsync(system, pings, done.Token);
        var rate = await system.RateAsync(measurement, "recovery", Repetitions * Events, async () =>
        {
            for (var run = 0; run < Repetitions; run++) await RecoverAsync();
        });
        await done.CancelAsync();
        await pinging;
        _ = await measurement.AddRawRedisAsync(system.Redis.Port);
        measurement.AtLeast("events_per_second", rate, 300_000);
        measurement.AddSpread("ping", pings);
        measurement.Below("ping_max_ms", Measurement.Milliseconds(pings, 100), 10);

        // Actors of earlier runs stay idle: stopping them is not part of recovery.
        Task RecoverAsync() => JournalSystem.ExpectRecoveredAsync(system.StartWriters(Name, 1), Events);
    }

    private static async Task PingAsync(JournalSystem system, LongHistogram pings, CancellationToken done)
    {
        await using var connection = await system.Redis.ConnectAsync();
        while (!done.IsCancellationRequested)
        {
            var asked = Stopwatch.GetTimestamp();
            await connection.GetDatabase().PingAsync();
            pings.RecordValue((long)Stopwatch.GetElapsedTime(asked).TotalMicroseconds);
            await Task.Delay(1, CancellationToken.None);
        }
    }
}
