using System.Diagnostics;
using System.Threading.Channels;
using HdrHistogram;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>
/// Latency from submission to lease, and processor time of the node, while 3,000 workers wait for work: each with a different amount of
/// free disk space, and all alike.
/// </summary>
internal sealed class ScaleDistinctWorkers : IScenario
{
    private const int Workers = 3_000;
    private const int Measured = 500;

    public string Name => "scale-distinct-workers";

    public async Task MeasureAsync(Measurement measurement)
    {
        var (equal, equalProcessor) = await PickUpAsync(_ => 500);
        var (distinct, distinctProcessor) = await PickUpAsync(number => 500 + (number / 100.0));
        measurement.Add("pickup_equal_median_ms", equal);
        measurement.Add("pickup_distinct_median_ms", distinct);
        measurement.Below("distinct_to_equal", distinct / equal, 1.5);
        measurement.Below("processor_distinct_to_equal", distinctProcessor / equalProcessor, 1.5);
    }

    private static async Task<(double MedianMs, double ProcessorMs)> PickUpAsync(Func<int, double> diskOf)
    {
        await using var system = await BenchmarkSystem.StartAsync("patient-workers.conf");
        using var submitting = await LeanConnection.OpenAsync(system.Node.Address);
        var waiting = await LeanConnection.OpenManyAsync(system.Node.Address, Workers);
        var got = Channel.CreateUnbounded<(int Worker, List<Lease> Leases)>();
        for (var number = 0; number < Workers; number++)
        {
            await Work.RegisterMachineAsync(submitting, $"worker-{number}", places: 4, memoryGb: 32, diskOf(number));
        }

        for (var number = 0; number < Workers; number++)
        {
            _ = WaitAsync(number);
        }

        await Task.Delay(TimeSpan.FromSeconds(3));
        var latencies = new LongHistogram(TimeStamp.Seconds(60), 3);
        var before = system.NodeUse().Processor;
        for (var task = 0; task < Measured; task++)
        {
            var start = Stopwatch.GetTimestamp();
            var submitted = submitting.PostAsync("/tasks", Work.TaskBody("task", task));
            var (worker, leases) = await got.Reader.ReadAsync();
            latencies.RecordValue((long)Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            _ = await submitted;
            await Work.CompleteAsync(waiting[worker], $"worker-{worker}", leases);
            _ = WaitAsync(worker);
        }

        var processor = (system.NodeUse().Processor - before).TotalMilliseconds / Measured;
        Array.ForEach(waiting, connection => connection.Dispose());
        return (Measurement.Milliseconds(latencies, 50), processor);

        async Task WaitAsync(int number)
        {
            try
            {
                List<Lease> leases;
                do
                {
                    leases = await Work.LeaseAsync(waiting[number], $"worker-{number}", 1, 30);
                }
                while (leases.Count == 0);

                await got.Writer.WriteAsync((number, leases));
            }
            catch (Exception closed) when (closed is IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
            {
                // The scenario is over.
            }
        }
    }
}
