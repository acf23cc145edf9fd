using System.Diagnostics;
using HdrHistogram;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>
/// 10,000 urgent tasks that need more memory and disk space than any worker has are first in the queue, and 20 workers wait. Measures the
/// latency from the submission of a feasible task to its lease, and of a list of the queues.
/// </summary>
internal sealed class ScaleUnmetHead : IScenario
{
    private const int Unmet = 10_000;
    private const int Waiting = 19;
    private const int Measured = 300;
    private const string Worker = "worker";

    public string Name => "scale-unmet-head";

    public async Task MeasureAsync(Measurement measurement)
    {
        var (without, _) = await PickUpAsync(0);
        var (behind, list) = await PickUpAsync(Unmet);
        measurement.Add("pickup_without_median_ms", without);
        measurement.Add("pickup_behind_median_ms", behind);
        measurement.Below("behind_to_without", behind / without, 1.5);
        measurement.Below("queue_list_median_ms", list, 50);
    }

    private static async Task<(double PickUpMs, double ListMs)> PickUpAsync(int unmet)
    {
        await using var system = await BenchmarkSystem.StartAsync();
        using var submitting = await LeanConnection.OpenAsync(system.Node.Address);
        using var working = await LeanConnection.OpenAsync(system.Node.Address);
        await Work.RegisterMachineAsync(submitting, Worker, places: 4, memoryGb: 32, diskGb: 100);
        for (var first = 0; first < unmet; first += Work.MostPerCall)
        {
            await Work.SubmitAsync(submitting, "unmet", first, Work.MostPerCall, number =>
                $$""","priority":10,"resource_requirements":{"memory_gb":{{64 + number}},"disk_gb":{{20_000 - number}}}""");
        }

        // They wait too, and can run none of the tasks.
        var idle = await LeanConnection.OpenManyAsync(system.Node.Address, Waiting);
        for (var number = 0; number < Waiting; number++)
        {
            await Work.RegisterMachineAsync(idle[number], $"idle-{number}", places: 4, memoryGb: 16, diskGb: 50 + number);
            _ = KeepWaitingAsync(idle[number], $"idle-{number}");
        }

        var latencies = new LongHistogram(TimeStamp.Seconds(60), 3);
        var lists = new LongHistogram(TimeStamp.Seconds(60), 3);
        for (var task = -20; task < (unmet > 0 ? Measured / 3 : Measured); task++)
        {
            var waiting = Work.LeaseAllAsync(working, Worker, 1);
            await Task.Delay(TimeSpan.FromMilliseconds(10));
            var start = Stopwatch.GetTimestamp();
            var submitted = Work.SubmitAsync(submitting, "task", task + 20, 1, _ => ""","resource_requirements":{"memory_gb":24}""");
            var leases = await waiting;
            var took = Stopwatch.GetElapsedTime(start);
            await submitted;
            await Work.CompleteAsync(working, Worker, leases);
            start = Stopwatch.GetTimestamp();
            _ = await system.Node.Client.GetAsync<System.Text.Json.JsonElement>("/queues");
            if (task >= 0)
            {
                latencies.RecordValue((long)took.TotalMicroseconds);
                lists.RecordValue((long)Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }
        }

        Array.ForEach(idle, connection => connection.Dispose());
        return (Measurement.Milliseconds(latencies, 50), Measurement.Milliseconds(lists, 50));
    }

    private static async Task KeepWaitingAsync(LeanConnection connection, string worker)
    {
        try
        {
            while ((await Work.LeaseAsync(connection, worker, 1, 30)).Count == 0)
            {
            }
        }
        catch (Exception closed) when (closed is IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            // The scenario is over.
        }
    }
}
