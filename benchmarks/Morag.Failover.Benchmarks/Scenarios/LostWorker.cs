using System.Diagnostics;
using System.Globalization;
using HdrHistogram;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>Time from declaring a worker with 200 tasks offline until another, waiting worker holds all of them.</summary>
internal sealed class LostWorker : IScenario
{
    private const int Tasks = 200;
    private const int WarmUp = 5;
    private const int Measured = 10;

    public string Name => "lost-worker";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await BenchmarkSystem.StartAsync();
        using var operating = await LeanConnection.OpenAsync(system.Node.Address);
        using var waiting = await LeanConnection.OpenAsync(system.Node.Address);
        await Work.RegisterAsync(operating, "standby", Tasks);
        var latencies = new LongHistogram(TimeStamp.Seconds(60), 3);
        for (var round = 0; round < WarmUp + Measured; round++)
        {
            var elapsed = await LoseAsync(operating, waiting, round);
            if (round >= WarmUp)
            {
                latencies.RecordValue((long)elapsed.TotalMicroseconds);
            }
        }

        measurement.Below("all_held_elsewhere_max_ms", Measurement.Milliseconds(latencies, 100), 300);
        measurement.AddSpread("all_held_elsewhere", latencies);
        await measurement.AddRawRedisAsync(system.Redis.Port);
    }

    private static async Task<TimeSpan> LoseAsync(LeanConnection operating, LeanConnection waiting, int round)
    {
        var lost = string.Create(CultureInfo.InvariantCulture, $"lost-{round}");
        await Work.RegisterAsync(operating, lost, Tasks);
        await Work.SubmitAsync(operating, lost, 0, Tasks);
        _ = await Work.LeaseAllAsync(operating, lost, Tasks);

        var held = Work.LeaseAllAsync(waiting, "standby", Tasks);
        await Task.Delay(TimeSpan.FromMilliseconds(100));
        var start = Stopwatch.GetTimestamp();
        var declared = operating.PostAsync($"/workers/{lost}/offline", """{"reason":"benchmark"}""");
        var leases = await held;
        var elapsed = Stopwatch.GetElapsedTime(start);
        _ = await declared;
        await Work.CompleteAsync(waiting, "standby", leases);
        return elapsed;
    }
}
