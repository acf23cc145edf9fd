using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using HdrHistogram;
using Morag.Benchmarks.Reporting;
using Morag.Failover.Benchmarks.Running;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>
/// The dashboard of a node with 10,000 workers and 200,000 tasks with payloads of 500 bytes: how long each page takes, its first load
/// included, while every worker sends a heartbeat every 10 s; and, on another node where nothing happens, what an open page costs.
/// </summary>
internal sealed class DashboardPages : IScenario
{
    private const int Workers = 10_000;
    private const int Tasks = 200_000;
    private const int PayloadBytes = 500;
    private const int Connections = 16;
    private const int HeartbeatSeconds = 10;
    private const int Rounds = 20;

    /// <summary>Workers that hold tasks, and how many each has parked.</summary>
    private const int Holders = 50;
    private const int ParkedByEach = 3;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(40);

    private static readonly (string Name, string Path)[] Pages =
    [
        ("overview", "/"),
        ("overview_of_a_week", "/?range=week"),
        ("alerts", "/alerts"),
        ("alert_settings", "/alerts/settings"),
        ("tasks", "/tasks"),
        ("tasks_by_text", "/tasks?filter=state:queued payload.file~video-19999&sort=-created"),
        ("tasks_by_age", "/tasks?filter=state:queued&sort=-waiting"),
        ("task", "/tasks/task-777"),
        ("bulk_preview", "/bulk?filter=state:queued&action=cancel"),
        ("workers", "/workers"),
        ("workers_later_page", "/workers?after=worker-5"),
        ("worker", "/workers/worker-7"),
        ("queues", "/queues"),
        ("queue", "/queues/cpu_standard"),
        ("queue_with_ages", "/queues/cpu_standard?spread=yes"),
        ("failures", "/failures"),
        ("parked", "/parked"),
        ("cluster", "/cluster"),
        ("journal", "/journal"),
        ("journal_events", "/journal/events?id=worker-worker-7"),
        ("audit", "/audit"),
        ("settings", "/settings"),
        ("summary", "/api/v1/dashboard"),
    ];

    private static readonly (string Name, string Path)[] Watched =
        [("overview", "/"), ("workers", "/workers"), ("tasks", "/tasks")];

    public string Name => "dashboard-200k";

    public async Task MeasureAsync(Measurement measurement)
    {
        await MeasurePagesAsync(measurement);
        await MeasureOpenPagesAsync(measurement);
    }

    private static async Task MeasurePagesAsync(Measurement measurement)
    {
        await using var system = await BenchmarkSystem.StartAsync("large-queue.conf");
        var connections = await LeanConnection.OpenManyAsync(system.Node.Address, Connections);
        await FillAsync(connections, HeartbeatSeconds, withHistory: true);
        var heartbeats = new FleetHeartbeats(connections, Workers, HeartbeatSeconds);
        using var stop = new CancellationTokenSource();
        var beating = heartbeats.KeepAsync(stop.Token);
        await Task.Delay(Settling);

        using var http = WatchedPage.CreateHttp(system.Node.Address);
        var latencies = Pages.ToDictionary(page => page.Name, _ => new LongHistogram(TimeStamp.Seconds(60), 3));
        var missed = 0;
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (name, path) in Pages)
            {
                var watch = Stopwatch.StartNew();
                _ = await http.GetByteArrayAsync(new Uri(path, UriKind.Relative));
                latencies[name].RecordValue((long)watch.Elapsed.TotalMicroseconds);
            }

            var fleet = await system.Node.Client.GetAsync<JsonElement>("/workers/stats");
            missed = Math.Max(missed, Workers - fleet.GetProperty("alive_workers").GetInt32());
        }

        await stop.CancelAsync();
        await beating;
        foreach (var (name, _) in Pages)
        {
            measurement.Add($"{name}_median_ms", Measurement.Milliseconds(latencies[name], 50));
            measurement.Below($"{name}_longest_ms", Measurement.Milliseconds(latencies[name], 100), 500);
        }

        measurement.Exactly("workers_suspect_or_lost", missed, 0);
        measurement.Add("heartbeat_p99_ms", Measurement.Milliseconds(heartbeats.Latencies, 99));
        measurement.Add("heartbeat_longest_ms", Measurement.Milliseconds(heartbeats.Latencies, 100));
        await measurement.AddRawRedisAsync(system.Redis.Port);
        Array.ForEach(connections, connection => connection.Dispose());
    }

    private static async Task MeasureOpenPagesAsync(Measurement measurement)
    {
        await using var system = await BenchmarkSystem.StartAsync("large-queue.conf", "patient-workers.conf");
        var connections = await LeanConnection.OpenManyAsync(system.Node.Address, Connections);
        await FillAsync(connections, heartbeatSeconds: 3_600, withHistory: false);
        Array.ForEach(connections, connection => connection.Dispose());
        await Task.Delay(Settling);
        var (before, _) = await system.NodeUseAsync(Measured);
        var use = new Dictionary<string, double>();
        foreach (var (name, path) in Watched)
        {
            await using var page = await WatchedPage.OpenAsync(system.Node.Address, path);
            (use[name], _) = await system.NodeUseAsync(Measured);
            measurement.Add($"{name}_loads_per_minute", page.Loads / Measured.TotalMinutes);
        }

        var (after, _) = await system.NodeUseAsync(Measured);
        measurement.Add("core_percent_without_a_page_before", 100 * before);
        measurement.Add("core_percent_without_a_page_after", 100 * after);
        foreach (var (name, cores) in use)
        {
            measurement.Below($"{name}_open_core_percent_above_idle", 100 * (cores - ((before + after) / 2)), 2);
        }
    }

    /// <summary>Registers the workers and submits the tasks; some of them are held, have failed, or are parked.</summary>
    private static async Task FillAsync(LeanConnection[] connections, int heartbeatSeconds, bool withHistory)
    {
        await Work.RegisterFleetAsync(connections, Workers, heartbeatSeconds);
        if (withHistory)
        {
            // Tasks without retries are parked with their first failure.
            await Work.SubmitAsync(connections[0], "parked", 0, Holders * ParkedByEach, _ => ",\"max_retries\":0,\"payload\":1");
            await FailEachAsync(connections[0], ParkedByEach);
        }

        for (var first = 0; first < Tasks; first += Work.MostPerCall)
        {
            await Work.SubmitAsync(connections[first / Work.MostPerCall % Connections], "task", first, Work.MostPerCall, Payload);
        }

        if (withHistory)
        {
            await FailEachAsync(connections[0], 1);
            for (var holder = 0; holder < Holders; holder++)
            {
                _ = await Work.LeaseAsync(connections[0], Holder(holder), 4, 30);
            }
        }
    }

    private static async Task FailEachAsync(LeanConnection connection, int count)
    {
        for (var holder = 0; holder < Holders; holder++)
        {
            foreach (var lease in await Work.LeaseAsync(connection, Holder(holder), count, 30))
            {
                _ = await connection.PostAsync("/failures", string.Create(
                    CultureInfo.InvariantCulture,
                    $$"""
                    {"task_id":"{{lease.Task}}","worker_id":"{{Holder(holder)}}","epoch":{{lease.Epoch}},
                    "failure_type":"processing_error","error_message":"exit code 1"}
                    """));
            }
        }
    }

    private static string Holder(int number) => string.Create(CultureInfo.InvariantCulture, $"worker-{number}");

    private static string Payload(int number) => string.Create(
        CultureInfo.InvariantCulture,
        $$""","payload":{"file":"video-{{number}}.mp4","number":{{number}},"pad":"{{new string('x', PayloadBytes - 70)}}"}""");
}
