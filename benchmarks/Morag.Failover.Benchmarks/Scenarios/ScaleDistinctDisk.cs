using System.Diagnostics;
using System.Globalization;
using HdrHistogram;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>
/// Latency of a lease call with 100,000 queued tasks that each need a different amount of disk space, and with as many that need the same.
/// </summary>
internal sealed class ScaleDistinctDisk : IScenario
{
    private const int Tasks = 100_000;
    private const int Measured = 500;
    private const string Worker = "big";

    public string Name => "scale-distinct-disk";

    public async Task MeasureAsync(Measurement measurement)
    {
        var equal = await LeaseMedianAsync(_ => 50);
        var distinct = await LeaseMedianAsync(number => 1 + (number / 1000.0));
        measurement.Add("lease_equal_median_ms", equal);
        measurement.Add("lease_distinct_median_ms", distinct);
        measurement.Below("distinct_to_equal", distinct / equal, 1.5);
    }

    private static async Task<double> LeaseMedianAsync(Func<int, double> diskOf)
    {
        await using var system = await BenchmarkSystem.StartAsync();
        using var connection = await LeanConnection.OpenAsync(system.Node.Address);
        await Work.RegisterMachineAsync(connection, Worker, places: 4, memoryGb: 64, diskGb: 1_000);
        for (var first = 0; first < Tasks; first += Work.MostPerCall)
        {
            await Work.SubmitAsync(connection, "task", first, Work.MostPerCall, number => string.Create(
                CultureInfo.InvariantCulture, $$""","resource_requirements":{"disk_gb":{{diskOf(number)}}}"""));
        }

        var latencies = new LongHistogram(TimeStamp.Seconds(60), 3);
        for (var call = -Measured; call < Measured; call++)
        {
            var start = Stopwatch.GetTimestamp();
            var leases = await Work.LeaseAsync(connection, Worker, 1, 0);
            if (call >= 0)
            {
                latencies.RecordValue((long)Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }

            await Work.CompleteAsync(connection, Worker, leases);
        }

        return Measurement.Milliseconds(latencies, 50);
    }
}
