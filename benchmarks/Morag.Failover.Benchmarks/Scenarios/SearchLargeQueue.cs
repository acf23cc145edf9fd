using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using HdrHistogram;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>
/// Searches 200,000 tasks with payloads of 500 bytes in one partition: the time of a page for filters that read fields, texts and JSON,
/// and the latency of leases while others search without a pause.
/// </summary>
internal sealed class SearchLargeQueue : IScenario
{
    private const int Tasks = 200_000;
    private const int PayloadBytes = 500;
    private const int Rounds = 20;
    private const int Searchers = 4;
    private const int Cycles = 500;
    private const string Worker = "worker";

    private static readonly (string Name, string Query)[] Searches =
    [
        ("all", "sort=-created"),
        ("field", "filter=failures>0"),
        ("words", "filter=state:queued (priority:normal or failures>2) age<1d&sort=-age"),
        ("bare_word", "filter=needle-199999"),
        ("payload_path", "filter=payload.number>199990"),
        ("payload_text", "filter=payload.file~video-19999"),
        ("payload_text_in_all", "filter=payload.pad~xxxy"),
        ("result", "filter=result.frames>3"),
    ];

    public string Name => "search-200k";

    public async Task MeasureAsync(Measurement measurement)
    {
        await using var system = await BenchmarkSystem.StartAsync("large-queue.conf");
        using var connection = await LeanConnection.OpenAsync(system.Node.Address);
        await Work.RegisterAsync(connection, Worker, 10_000);
        for (var first = 0; first < Tasks; first += Work.MostPerCall)
        {
            await Work.SubmitAsync(connection, "task", first, Work.MostPerCall, Payload);
        }

        _ = await CycleAsync(connection);
        var alone = await CycleAsync(connection);
        foreach (var (name, query) in Searches)
        {
            var pages = new LongHistogram(TimeStamp.Seconds(60), 3);
            for (var round = 0; round < Rounds; round++)
            {
                var watch = Stopwatch.StartNew();
                _ = await system.Node.Client.GetAsync<JsonElement>($"/tasks?limit=100&{query}");
                pages.RecordValue((long)watch.Elapsed.TotalMicroseconds);
            }

            measurement.Add($"{name}_page_median_ms", Measurement.Milliseconds(pages, 50));
            measurement.Below($"{name}_page_longest_ms", Measurement.Milliseconds(pages, 100), 500);
        }

        using var stop = new CancellationTokenSource();
        var searching = Enumerable.Range(0, Searchers).Select(_ => SearchUntilAsync(system, stop.Token)).ToArray();
        var beside = await CycleAsync(connection);
        await stop.CancelAsync();
        measurement.Add("searches_meanwhile", (await Task.WhenAll(searching)).Sum());
        measurement.Add("lease_p99_alone_ms", Measurement.Milliseconds(alone, 99));
        measurement.Add("lease_p50_beside_searches_ms", Measurement.Milliseconds(beside, 50));
        measurement.Add("lease_p99_beside_searches_ms", Measurement.Milliseconds(beside, 99));
        measurement.Below("lease_longest_beside_searches_ms", Measurement.Milliseconds(beside, 100), 500);
        await measurement.AddRawRedisAsync(system.Redis.Port);
    }

    private static string Payload(int number)
    {
        var pad = new string('x', PayloadBytes - 70);
        return string.Create(
            CultureInfo.InvariantCulture,
            $$""","payload":{"file":"video-{{number}}.mp4","number":{{number}},"tag":"needle-{{number}}","pad":"{{pad}}"}""");
    }

    private static async Task<int> SearchUntilAsync(BenchmarkSystem system, CancellationToken stop)
    {
        var count = 0;
        for (; !stop.IsCancellationRequested; count++)
        {
            _ = await system.Node.Client.GetAsync<JsonElement>($"/tasks?{Searches[count % Searches.Length].Query}");
        }

        return count;
    }

    private static async Task<LongHistogram> CycleAsync(LeanConnection connection)
    {
        var latencies = new LongHistogram(TimeStamp.Seconds(60), 3);
        for (var cycle = 0; cycle < Cycles; cycle++)
        {
            var watch = Stopwatch.StartNew();
            var leases = await Work.LeaseAsync(connection, Worker, 1, 30);
            latencies.RecordValue((long)watch.Elapsed.TotalMicroseconds);
            await Work.CompleteAsync(connection, Worker, leases);
        }

        return latencies;
    }
}
