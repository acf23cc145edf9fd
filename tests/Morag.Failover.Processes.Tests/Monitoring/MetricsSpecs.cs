using System.Net;
using System.Text.Json;
using Morag.Failover.Actors.Metrics;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Monitoring;

/// <summary>
/// What a node serves at <c>/metrics</c> after a few tasks and failures, and what the dashboard and the alert rules use of it.
/// </summary>
public sealed class MetricsSpecs : IAsyncLifetime
{
    private const string Token = "0123456789abcdef";

    /// <summary>The labels that Prometheus adds, and that of the exporter.</summary>
    private static readonly string[] AddedLabels = ["job", "instance", "le", "otel_scope_name"];

    /// <summary>What no test makes happen, because it is a defect.</summary>
    private static readonly Metric[] NeverServed = [FailoverMetrics.ValuesTooLarge];

    private readonly TestFolder folder = new();
    private NodeProcess node = null!;

    public async Task InitializeAsync() => node = await NodeProcess.StartAsync(new NodeProcessSettings
    {
        DataFolder = folder.Path,
        Token = Token,
        Environment = new Dictionary<string, string> { ["MORAG_TOKEN"] = Token },

        // The parked task raises an alert, which goes to a webhook at which nobody listens.
        Config = """
            morag.failover.storage.small-snapshot-every = 10
            morag.failover.alerts { check-interval = 1s, raise-after = 0s }
            morag.webhooks { ops { url = "http://127.0.0.1:9/", secret = no-secret-of-anyone } }
            """,
    });

    public async Task DisposeAsync()
    {
        await node.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Should_serve_what_is_documented_and_what_the_dashboard_and_the_alerts_use()
    {
        await WorkAsync();
        ServedMetrics served = null!;
        await Eventually.HoldsAsync(
            async () => Missing(served = await ReadAsync()).Count == 0, () => $"metrics are served: {string.Join(", ", Missing(served))}");

        Assert.Equal(1, served.Sum("morag_tasks", ("morag_task_state", "parked")));
        Assert.Equal(1, served.Sum("morag_tasks", ("morag_task_state", "queued")));
        Assert.Equal(2, served.Sum("morag_failures_total", ("morag_failure_type", "processing_error")));
        Assert.Equal(1, served.Sum("morag_decisions_total", ("morag_decision_strategy", "manual_intervention")));
        Assert.Equal(2, served.Sum("morag_workers", ("morag_worker_liveness", "alive")));
        Assert.Equal(1, served.Sum("morag_recovery_duration_seconds_count"));
        AssertIsDocumented(served);
        AssertServesEveryQuery(served);
    }

    private static List<string> Missing(ServedMetrics served) =>
    [
        .. FailoverMetrics.All.Except(NeverServed).Select(metric => metric.PrometheusName).Where(name => !served.Types.ContainsKey(name)),
    ];

    private static void AssertIsDocumented(ServedMetrics served)
    {
        var documented = FailoverMetrics.All.ToDictionary(metric => metric.PrometheusName);
        foreach (var (name, type) in served.Types.Where(type => type.Key.StartsWith("morag_", StringComparison.Ordinal)))
        {
            Assert.True(documented.TryGetValue(name, out var metric), $"{name} is served, and not documented");
            Assert.Equal(metric.Kind.ToString(), type, ignoreCase: true);
            var series = metric.Kind == MetricKind.Histogram ? name + "_count" : name;
            Assert.Equal(
                metric.Labels.Select(label => label.Replace('.', '_')).Order(), served.LabelsOf(series).Except(AddedLabels).Order());
        }
    }

    private static void AssertServesEveryQuery(ServedMetrics served)
    {
        var rare = NeverServed.ToDictionary(metric => metric.PrometheusName);
        var checkedMetrics = 0;
        foreach (var query in MonitoringFiles.Queries)
        {
            var used = PromQl.MetricsOf(query.Query).ToList();
            Assert.True(used.Count > 0, $"{query.Where} uses no metric");
            foreach (var metric in used)
            {
                var labels = rare.TryGetValue(metric.Name, out var known)
                    ? known.Labels.Select(label => label.Replace('.', '_')).ToHashSet()
                    : served.LabelsOf(metric.Name);
                Assert.True(
                    rare.ContainsKey(metric.Name) || served.Series.Any(series => series.Name == metric.Name),
                    $"{query.Where} uses {metric.Name}, which is not served");
                var shown = query.Texts.SelectMany(PromQl.LabelsShown);
                Assert.True(
                    !metric.Labels.Except(labels).Except(AddedLabels).Any(),
                    $"{query.Where} uses labels that {metric.Name} does not have: {string.Join(", ", metric.Labels.Except(labels))}");
                Assert.True(
                    !shown.Except(metric.Labels).Except(AddedLabels).Any(),
                    $"{query.Where} shows labels that its query drops: {string.Join(", ", shown.Except(metric.Labels))}");
                checkedMetrics++;
            }
        }

        Assert.True(checkedMetrics > 40, $"only {checkedMetrics} metrics were found in the queries");
    }

    /// <summary>One task succeeds, one is parked, one fails and is leased again, one is cancelled, and one waits for a GPU.</summary>
    private async Task WorkAsync()
    {
        await RegisterAsync("w-1");
        await RegisterAsync("w-2");
        await node.Client.SubmitAsync(
        [
            new { task_id = "good", queue = "cpu_standard" },
            new { task_id = "bad", queue = "cpu_standard", max_retries = 0 },
            new { task_id = "again", queue = "cpu_standard" },
            new { task_id = "waits", queue = "gpu_priority" },
            new { task_id = "unwanted", queue = "gpu_fallback" },
        ]);
        await node.Client.PostAsync("/tasks/cancel", new { filter = new { queue = "gpu_fallback" }, reason = "spec" });
        var leases = await LeaseAsync("w-1", 3);
        await node.Client.PostAsync(
            "/workers/w-1/heartbeat",
            new { status = "busy", held = leases.Select(lease => new { task_id = lease.Key, epoch = lease.Value }) });
        await node.Client.PostAsync("/tasks/good/complete", new { worker_id = "w-1", epoch = leases["good"], result = 1 });
        await FailAsync("bad", leases["bad"]);
        await FailAsync("again", leases["again"]);
        Assert.Equal(["again"], (await LeaseAsync("w-2", 1)).Keys);
        await node.Client.PostAsync("/workers/w-1/breaker", new { action = "open", reason = "spec" });
        for (var change = 0; change < 6; change++)
        {
            // Enough changes for a snapshot.
            await node.Client.PostAsync("/workers/w-2/drain", new { reason = "spec" });
            await node.Client.PostAsync("/workers/w-2/resume", new { });
        }
    }

    private Task<JsonElement> RegisterAsync(string worker) => node.Client.PostAsync(
        "/workers/register",
        new { registration = new { worker_id = worker, capability = "cpu", max_concurrent_tasks = 10, heartbeat_interval_seconds = 60 } });

    private async Task<Dictionary<string, long>> LeaseAsync(string worker, int most)
    {
        var leases = await node.Client.PostAsync(
            $"/workers/{worker}/lease", new { max_tasks = most, wait_seconds = 20, request_id = $"lease-{worker}" });
        return leases.EnumerateArray().ToDictionary(
            lease => lease.GetProperty("task_id").GetString()!, lease => lease.GetProperty("epoch").GetInt64());
    }

    private Task<JsonElement> FailAsync(string task, long epoch) => node.Client.PostAsync(
        $"/tasks/{task}/fail",
        new { worker_id = "w-1", epoch, failure_type = "processing_error", error_message = "spec", event_id = $"fails-{task}" });

    private async Task<ServedMetrics> ReadAsync()
    {
        using var http = new HttpClient { BaseAddress = node.Address };
        using var anonymous = await http.GetAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, anonymous.StatusCode);
        http.DefaultRequestHeaders.Authorization = new("Bearer", Token);
        return ServedMetrics.Parse(await http.GetStringAsync(new Uri("/metrics", UriKind.Relative)));
    }
}
