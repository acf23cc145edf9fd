using System.Globalization;
using System.Text.Json;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Http;

/// <summary>
/// A call of the HTTP API with valid input. Its placeholders <c>$task</c>, <c>$worker</c>, <c>$type</c> and <c>$epoch</c> stand for the
/// values of a <see cref="Stage"/>, <c>$queue</c> for its queue, <c>$idle</c> for a queue that no stage uses, and <c>$alert</c> for the
/// first alert.
/// </summary>
internal sealed record ApiCall(string Method, string Path, string? Body = null, string Query = "")
{
    /// <summary>Whether it needs a parked task instead of a leased one.</summary>
    public bool OnParkedTask { get; init; }

    /// <summary>The name of the call, such as <c>GET /api/v1/tasks/{id}</c>.</summary>
    public string Name => $"{Method} {Path}"
        .Replace("$task", "{id}", StringComparison.Ordinal)
        .Replace("$worker", "{id}", StringComparison.Ordinal)
        .Replace("$queue", "{queue}", StringComparison.Ordinal)
        .Replace("$alert", "{alert}", StringComparison.Ordinal)
        .Replace("$idle", "{queue}", StringComparison.Ordinal);

    /// <summary>Every call, with all of its fields.</summary>
    public static IReadOnlyList<ApiCall> All { get; } =
    [
        new(
            "POST",
            "/api/v1/tasks",
            """
            {"task_id":"$task-more","queue":"cpu_batch","priority":5,"payload":{"a":[1]},
            "traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "timeout_seconds":60,"max_retries":3,"content_type":"$type","quality":{"q":1},
            "resource_requirements":{"gpu_required":false,"memory_gb":1,"disk_gb":1},
            "estimated_duration":1}
            """),
        new("GET", "/api/v1/tasks", Query: "state=leased&queue=cpu_batch&worker=$worker&limit=10&after=a"),
        new("GET", "/api/v1/tasks/$task"),
        new("GET", "/api/v1/tasks/$task/explain"),
        new("POST", "/api/v1/tasks/$task/requeue", """{"queue":"cpu_batch","quality":{"q":1},"reason":"fixed"}""") { OnParkedTask = true },
        new("DELETE", "/api/v1/tasks/$task", Query: "reason=over"),
        new(
            "POST",
            "/api/v1/tasks/requeue",
            """
            {"filter":{"queue":"cpu_batch","worker":"$worker"},"reason":"fixed","dry_run":false,
            "queue":"cpu_batch","quality":{"q":1}}
            """),
        new("POST", "/api/v1/tasks/cancel", """{"filter":{"state":"leased","worker":"$worker"},"reason":"over","dry_run":false}"""),
        new(
            "POST",
            "/api/v1/bulk",
            """
            {"id":"$task","action":"prioritize","filter":"id:$task","reason":"urgent",
            "priority":"high","queue":"cpu_batch","dry_run":false}
            """),
        new("GET", "/api/v1/bulk/$task"),
        new("POST", "/api/v1/bulk/$task/undo", """{"id":"$task-undo","reason":"not urgent"}"""),
        new("POST", "/api/v1/tasks/$task/extend", """{"worker_id":"$worker","epoch":$epoch,"seconds":60}"""),
        new(
            "POST",
            "/api/v1/tasks/$task/progress",
            """{"worker_id":"$worker","epoch":$epoch,"percent":40,"message":"page 3","checkpoint":{"page":3}}"""),
        new("POST", "/api/v1/tasks/$task/release", """{"worker_id":"$worker","epoch":$epoch}"""),
        new("POST", "/api/v1/tasks/$task/complete", """{"worker_id":"$worker","epoch":$epoch,"result":{"a":1}}"""),
        new(
            "POST",
            "/api/v1/tasks/$task/fail",
            """
            {"worker_id":"$worker","epoch":$epoch,"failure_type":"processing_error",
            "error_message":"broken","context":{"line":3},"event_id":"$task-event",
            "instance_id":"first"}
            """),
        new(
            "POST",
            "/api/v1/workers/register",
            """
            {"registration":{"worker_id":"$worker","name":"box","capability":"cpu",
            "hardware":{"cpu_cores":8,"memory_gb":32,"gpu_count":0,"gpu_memory_gb":0,
            "gpu_models":["none"],"disk_space_gb":100},"location":{"hostname":"h","ip_address":"::1",
            "port":1,"is_remote":true,"network_latency_ms":1.5},"max_concurrent_tasks":1,
            "supported_content_types":["$type"],"tags":{"site":"a"},"queues":["cpu_batch"],
            "instance_id":"first","heartbeat_interval_seconds":60},"auth_token":"none"}
            """),
        new(
            "POST",
            "/api/v1/workers/$worker/heartbeat",
            """
            {"status":"online","metrics":{"cpu_usage_percent":10,"memory_usage_percent":20,
            "gpu_usage_percent":0,"active_tasks":1,"completed_tasks":2,"failed_tasks":3,
            "avg_task_duration_seconds":1.5},"worker_id":"$worker","timestamp":"2026-11-23T18:00:00Z",
            "instance_id":"first","held":[{"task_id":"$task","epoch":$epoch,"progress":0.5}]}
            """),
        new(
            "POST",
            "/api/v1/workers/$worker/lease",
            """{"max_tasks":1,"wait_seconds":0,"queues":["cpu_batch"],"request_id":"more","instance_id":"first"}"""),
        new(
            "POST",
            "/api/v1/workers/$worker/results",
            """
            [{"task_id":"$task","epoch":$epoch,"failure_type":"worker_overloaded","error_message":"no room",
            "context":{"a":1},"result":null,"event_id":"$task-event","instance_id":"first"}]
            """),
        new("POST", "/api/v1/workers/$worker/successes", """[{"task_id":"$task-elsewhere","event_id":"e","duration_seconds":1.5}]"""),
        new("GET", "/api/v1/workers/$worker/session", Query: "instance_id=first"),
        new("POST", "/api/v1/workers/$worker/drain", """{"reason":"update","deadline_seconds":60}"""),
        new("POST", "/api/v1/workers/$worker/resume"),
        new("POST", "/api/v1/workers/$worker/offline", """{"reason":"on fire","affected_tasks":["$task-elsewhere"]}"""),
        new("POST", "/api/v1/workers/$worker/breaker", """{"action":"open","reason":"suspicious"}"""),
        new("DELETE", "/api/v1/workers/$worker", Query: "instance_id=first"),
        new("GET", "/api/v1/workers", Query: "limit=10&after=a"),
        new("GET", "/api/v1/workers/stats"),
        new("GET", "/api/v1/workers/$worker"),
        new("GET", "/api/v1/workers/$worker/reliability"),
        new(
            "POST",
            "/api/v1/failures",
            """
            {"event_id":"e","task_id":"$task-elsewhere","worker_id":"$worker","epoch":1,
            "failure_type":"network_failure","error_message":"cut","context":{"a":1}}
            """),
        new(
            "GET",
            "/api/v1/failures",
            Query: "since=2026-01-01T00:00:00Z&until=2100-01-01T00:00:00Z&type=network_failure&worker=$worker&task=$task&limit=10"),
        new("GET", "/api/v1/failures/stale", Query: "worker=$worker&task=$task&limit=10"),
        new("GET", "/api/v1/failures/statistics"),
        new("GET", "/api/v1/search/count", Query: "filter=queue:cpu_batch"),
        new("GET", "/api/v1/search/complete", Query: "filter=state:par&cursor=9"),
        new("GET", "/api/v1/search/fields"),
        new("GET", "/api/v1/tasks/$task/waiting"),
        new("GET", "/api/v1/policy/rules"),
        new("GET", "/api/v1/policy/settings"),
        new("GET", "/api/v1/policy/test", Query: "type=task_timeout&worker=$worker&task=$task&queue=cpu_batch"),
        new("GET", "/api/v1/queues"),
        new("GET", "/api/v1/queues/$queue", Query: "state=leased&limit=10&after=a"),
        new("POST", "/api/v1/queues/$idle/pause", """{"reason":"a bad model"}"""),
        new("POST", "/api/v1/queues/$idle/resume", """{"reason":"a good model"}"""),
        new("GET", "/api/v1/alerts", Query: "state=resolved&severity=error&component=$worker&limit=10&after=9"),
        new("GET", "/api/v1/alerts/$alert"),
        new("POST", "/api/v1/alerts/$alert/acknowledge", """{"note":"on it"}"""),
        new("POST", "/api/v1/alerts/$alert/unacknowledge", """{"note":"no time"}"""),
        new("GET", "/api/v1/alerts/webhooks"),
        new("POST", "/api/v1/alerts/test-webhook", """{"webhook":"ops"}"""),
        new("GET", "/api/v1/alerts/settings"),
        new(
            "POST",
            "/api/v1/alerts/settings",
            """
            {"raise_after_seconds":10,"resolve_after_seconds":60,"queue_age_seconds":60,"flapping_losses":3,"failure_rate":0.5,
            "failure_rate_attempts":9,"store_latency_seconds":1,"store_use":0.9,"reset":[],"off":[],"on":[],"reason":"tuning"}
            """),
        new(
            "GET",
            "/api/v1/audit",
            Query: "by=anna&action=task_cancel&target=$task&since=2026-11-23&until=2026-11-24&format=json&limit=10"),
        new("GET", "/api/v1/queues/$idle/limits"),
        new(
            "POST",
            "/api/v1/queues/$idle/limits",
            """{"per_worker":3,"weight":0.5,"unserved_after_seconds":60,"timeout_seconds":60,"reset":[],"reason":"more"}"""),
        new("GET", "/api/v1/scale", Query: "queue=$queue&within=60"),
        new("GET", "/api/v1/dashboard"),
        new("GET", "/api/v1/events", Query: "events=worker&type=task_timeout&worker=$worker&task=$task&last=5&once=true"),
        new("GET", "/api/v1/cluster/nodes"),
        new("GET", "/api/v1/cluster/status"),
        new("GET", "/api/v1/cluster/alerts"),
        new("GET", "/api/v1/cluster/events", Query: "once=true"),

        // Without the dry run they are rejected, because the node is reachable and the only one.
        new("POST", "/api/v1/cluster/leave", """{"node":"self","reason":"update","force":false,"dry_run":true}"""),
        new("POST", "/api/v1/cluster/down", """{"node":"self","reason":"dead","force":false,"dry_run":true}"""),
        new("POST", "/api/v1/cluster/down-unreachable", """{"reason":"dead","dry_run":true}"""),
        new("GET", "/api/v1/log", Query: "node=self&level=error&lines=5&once=true"),
        new("GET", "/api/v1/log/level", Query: "node=self"),
        new("POST", "/api/v1/log/level", """{"node":"self","level":"info","for_seconds":60,"reason":"a riddle"}"""),
        new("GET", "/api/v1/sharding/regions"),
        new("GET", "/api/v1/sharding/stats", Query: "region=worker"),
        new("GET", "/api/v1/sharding/entities", Query: "region=worker&shard=1&node=self&limit=10&after=worker/1/a"),
        new("POST", "/api/v1/sharding/rebalance", """{"region":"queue","shard":"0","to":null,"reason":"uneven","dry_run":true}"""),
        new("GET", "/api/v1/actors"),
        new("GET", "/api/v1/actors/tree", Query: "node=self&under=/user"),
        new("GET", "/api/v1/journal/ids", Query: "limit=10"),
        new("GET", "/api/v1/journal/events", Query: "id=worker-$worker&from=1&limit=10"),
        new("GET", "/api/v1/journal/sizes", Query: "top=5"),
        new("GET", "/api/v1/journal/verify", Query: "id=worker-$worker"),
        new("GET", "/api/v1/palettes"),
        new("GET", "/health/live"),
        new("GET", "/health/ready"),
    ];
}

/// <summary>A worker and a task, leased by it or parked. No other worker can lease the task, and this worker no other task.</summary>
internal sealed record Stage(string Name, long Epoch)
{
    /// <summary>The configuration of a node that has an alert that stays, and a receiver of alerts at which nobody listens.</summary>
    public static string Config { get; } = $$"""
        {{TestConfig.Text}}
        morag.failover.alerts { check-interval = 1s, raise-after = 0s, resolve-after = 1h }
        morag.webhooks { ops { url = "http://127.0.0.1:9/", secret = no-secret-of-anyone } }
        """;

    /// <summary>Raises the first alert on a node with <see cref="Config"/>.</summary>
    public static async Task RaiseAlertAsync(NodeClient node)
    {
        await SetAsync(node, "alarm", parked: true);
        await Eventually.HoldsAsync(
            async () => (await node.GetAsync<JsonElement>("/alerts")).GetArrayLength() > 0, () => "a parked task raises an alert");
    }

    /// <summary>Sets up a stage on a node.</summary>
    public static async Task<Stage> SetAsync(NodeClient node, string name, bool parked = false)
    {
        var type = TypeOf(name);
        await node.PostAsync("/workers/register", new
        {
            registration = new { worker_id = name, capability = "cpu", supported_content_types = new[] { type }, instance_id = "first" },
        });
        await node.SubmitAsync([new { task_id = name, queue = "cpu_batch", content_type = type, max_retries = 0 }]);
        var leases = await node.PostAsync($"/workers/{name}/lease", new { wait_seconds = 20 });
        var epoch = leases.EnumerateArray().Single().GetProperty("epoch").GetInt64();
        if (parked)
        {
            await node.PostAsync(
                $"/tasks/{name}/fail", new { worker_id = name, epoch, failure_type = "processing_error", error_message = "broken" });
            await Eventually.HoldsAsync(async () => (await node.TaskAsync(name)).State == TaskState.Parked, () => $"{name} is parked");
        }

        return new Stage(name, epoch);
    }

    /// <summary>Replaces the placeholders.</summary>
    public string Fill(string text) => text
        .Replace("$task", Name, StringComparison.Ordinal)
        .Replace("$worker", Name, StringComparison.Ordinal)
        .Replace("$type", TypeOf(Name), StringComparison.Ordinal)
        .Replace("$queue", "cpu_batch", StringComparison.Ordinal)
        .Replace("$alert", "1", StringComparison.Ordinal)
        .Replace("$idle", "gpu_fallback", StringComparison.Ordinal)
        .Replace("$epoch", Epoch.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private static string TypeOf(string name) => $"application/{name}";
}
