namespace Morag.Failover.Node.Tests.Http;

/// <summary>The OpenAPI document holds every call of the specification.</summary>
public sealed class OpenApiSpecs
{
    private static readonly string[] Calls =
    [
        "post /api/v1/tasks", "get /api/v1/tasks", "get /api/v1/tasks/{id}", "get /api/v1/tasks/{id}/explain",
        "post /api/v1/tasks/{id}/requeue", "delete /api/v1/tasks/{id}", "post /api/v1/tasks/requeue", "post /api/v1/tasks/cancel",
        "post /api/v1/tasks/{id}/extend", "post /api/v1/tasks/{id}/progress", "post /api/v1/tasks/{id}/release",
        "post /api/v1/tasks/{id}/complete", "post /api/v1/tasks/{id}/fail",
        "post /api/v1/workers/register", "post /api/v1/workers/{id}/heartbeat",
        "post /api/v1/workers/{id}/lease", "get /api/v1/workers/{id}/session",
        "post /api/v1/workers/{id}/results", "post /api/v1/workers/{id}/successes", "post /api/v1/workers/{id}/drain",
        "post /api/v1/workers/{id}/resume", "post /api/v1/workers/{id}/offline",
        "post /api/v1/workers/{id}/breaker", "delete /api/v1/workers/{id}",
        "get /api/v1/workers", "get /api/v1/workers/stats", "get /api/v1/workers/{id}", "get /api/v1/workers/{id}/reliability",
        "post /api/v1/failures", "get /api/v1/failures", "get /api/v1/failures/stale", "get /api/v1/failures/statistics",
        "get /api/v1/policy/rules", "get /api/v1/policy/settings", "get /api/v1/policy/test",
        "get /api/v1/queues", "get /api/v1/queues/{queue}",
        "post /api/v1/queues/{queue}/pause", "post /api/v1/queues/{queue}/resume", "get /api/v1/queues/{queue}/limits",
        "post /api/v1/queues/{queue}/limits",
        "get /api/v1/scale", "get /api/v1/dashboard", "get /api/v1/audit",
        "get /api/v1/alerts", "get /api/v1/alerts/{alert}", "post /api/v1/alerts/{alert}/acknowledge",
        "post /api/v1/alerts/{alert}/unacknowledge", "get /api/v1/alerts/settings", "post /api/v1/alerts/settings",
        "get /api/v1/alerts/webhooks", "post /api/v1/alerts/test-webhook",
        "get /api/v1/events", "get /api/v1/actors",
        "get /api/v1/actors/tree", "get /api/v1/cluster/status", "get /api/v1/cluster/events", "post /api/v1/cluster/leave",
        "post /api/v1/cluster/down", "post /api/v1/cluster/down-unreachable", "get /api/v1/log", "get /api/v1/log/level",
        "post /api/v1/log/level",
        "get /api/v1/sharding/regions", "get /api/v1/sharding/stats", "get /api/v1/sharding/entities", "post /api/v1/sharding/rebalance",
        "get /api/v1/journal/ids", "get /api/v1/journal/events", "get /api/v1/journal/sizes", "get /api/v1/journal/verify",
        "get /health/live", "get /health/ready",
    ];

    [Fact]
    public async Task Should_describe_every_call_when_the_document_is_read()
    {
        await using var http = await HttpNode.Start();

        var document = (await http.Call("GET", "/openapi/v1.json")).Body;
        var operations = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => (Name: $"{operation.Name} {path.Name}", operation.Value)))
            .ToDictionary(operation => operation.Name, operation => operation.Value);

        Assert.Empty(Calls.Except(operations.Keys));
        Assert.All(Calls, call => Assert.NotEqual("", operations[call].GetProperty("summary").GetString()));
        var submit = document.GetProperty("components").GetProperty("schemas").GetProperty("SubmitTaskRequest").GetProperty("properties");
        Assert.True(submit.TryGetProperty("timeout_seconds", out _), submit.ToString());
        Assert.Contains("gpu_required", document.ToString(), StringComparison.Ordinal);
        Assert.Contains("resource_exhaustion", document.ToString(), StringComparison.Ordinal);
    }
}
