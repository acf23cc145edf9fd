using System.Diagnostics;
using HdrHistogram;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>How long <c>GET /metrics</c> takes with 10,000 registered workers and 100,000 waiting tasks.</summary>
internal sealed class MetricsScrape : IScenario
{
    private const int Workers = 10_000;
    private const int Tasks = 100_000;
    private const int Connections = 16;
    private const int HeartbeatSeconds = 3_600;
    private const int Scrapes = 100;

    /// <summary>Longer than the node keeps an answer for further scrapes.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(350);

    public string Name => "metrics-scrape";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await BenchmarkSystem.StartAsync("patient-workers.conf");
        var connections = await LeanConnection.OpenManyAsync(system.Node.Address, Connections);
        await Work.RegisterFleetAsync(connections, Workers, HeartbeatSeconds);
        for (var first = 0; first < Tasks; first += Work.MostPerCall)
        {
            await Work.SubmitAsync(connections[0], "waits", first, Work.MostPerCall);
        }

        using var http = new HttpClient { BaseAddress = system.Node.Address };
        var latencies = new LongHistogram(TimeStamp.Seconds(60), 3);
        var bytes = 0;
        for (var scrape = 0; scrape < Scrapes; scrape++)
        {
            await Task.Delay(Pause);
            var watch = Stopwatch.StartNew();
            bytes = (await http.GetByteArrayAsync(new Uri("/metrics", UriKind.Relative))).Length;
            latencies.RecordValue((long)watch.Elapsed.TotalMicroseconds);
        }

        measurement.Below("scrape_median_ms", Measurement.Milliseconds(latencies, 50), 50);
        measurement.Below("scrape_p99_ms", Measurement.Milliseconds(latencies, 99), 50);
        measurement.Add("scrape_max_ms", Measurement.Milliseconds(latencies, 100));
        measurement.Add("scrape_kib", bytes / 1024.0);
        await measurement.AddRawRedisAsync(system.Redis.Port);
        Array.ForEach(connections, connection => connection.Dispose());
    }
}
