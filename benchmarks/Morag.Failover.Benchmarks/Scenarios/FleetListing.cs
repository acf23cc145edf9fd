using System.Diagnostics;
using System.Text.Json;
using HdrHistogram;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>Lists 100,000 workers page by page, and counts them. The directory answers; no worker entity is asked.</summary>
internal sealed class FleetListing : IScenario
{
    private const int Workers = 100_000;
    private const int Connections = 32;
    private const int Rounds = 5;

    // Long enough that no worker is missed while the others register.
    private const int HeartbeatSeconds = 3_600;

    public string Name => "fleet-listing";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await BenchmarkSystem.StartAsync("patient-workers.conf");
        var connections = await LeanConnection.OpenManyAsync(system.Node.Address, Connections);
        var registering = Stopwatch.StartNew();
        await Work.RegisterFleetAsync(connections, Workers, HeartbeatSeconds);
        measurement.Add("registrations_per_second", Workers / registering.Elapsed.TotalSeconds);

        var (listing, counting) = (new LongHistogram(TimeStamp.Seconds(60), 3), new LongHistogram(TimeStamp.Seconds(60), 3));
        var missing = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var watch = Stopwatch.StartNew();
            missing += Workers - (await system.Node.Client.WorkersAsync()).Count;
            listing.RecordValue((long)watch.Elapsed.TotalMicroseconds);
            watch.Restart();
            _ = await system.Node.Client.GetAsync<JsonElement>("/workers/stats");
            counting.RecordValue((long)watch.Elapsed.TotalMicroseconds);
        }

        measurement.Exactly("workers_missing", missing, 0);
        measurement.Below("all_pages_median_ms", Measurement.Milliseconds(listing, 50), 1_000);
        measurement.Add("statistics_median_ms", Measurement.Milliseconds(counting, 50));
        measurement.Add("memory_mib", system.NodeUse().MemoryMiB);
        await measurement.AddRawRedisAsync(system.Redis.Port);
        Array.ForEach(connections, connection => connection.Dispose());
    }
}
