using System.Text.Json;
using Morag.Failover.Processes.Tests.Http;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests;

/// <summary>A worker that never registered.</summary>
public sealed class UnknownWorkerSpecs : IAsyncLifetime
{
    private readonly TestFolder folder = new();
    private NodeProcess node = null!;

    [Fact]
    public async Task Should_start_no_entity_when_it_is_only_read()
    {
        using var raw = new RawClient(node.Address);
        string[] reads =
        [
            "/workers/nobody", "/workers/nobody/reliability", "/workers/nobody/session", "/tasks?worker=nobody", "/failures?worker=nobody",
            "/tasks/nothing", "/tasks/nothing/explain", "/journal/events?id=worker-nobody", "/journal/verify?id=worker-nobody",
        ];
        foreach (var read in reads)
        {
            using var answer = await raw.SendAsync(new RawRequest("GET", "/api/v1" + read));
            Assert.True((int)answer.StatusCode is 200 or 404, $"{read}: {answer.StatusCode}");
        }

        var actors = await node.Client.GetAsync<JsonElement>("/actors");
        var workers = actors.GetProperty("children").EnumerateArray().Single(region => region.GetProperty("name").GetString() == "workers");
        Assert.Equal(0, workers.GetProperty("entities").GetInt32());
    }

    [Fact]
    public async Task Should_decide_the_tasks_that_it_held_elsewhere_once_when_it_is_declared_offline_twice()
    {
        var offline = new { reason = "its disk died", affected_tasks = new[] { "elsewhere-1", "elsewhere-2" } };

        var first = await node.Client.PostAsync("/workers/nobody/offline", offline);
        var again = await node.Client.PostAsync("/workers/nobody/offline", offline);

        Assert.Equal(["elsewhere-1", "elsewhere-2"], Tasks(first));
        Assert.Equal(Failures(first), Failures(again));
        Assert.Equal(2, (await node.Client.StatisticsAsync()).TotalFailures);
    }

    public async Task InitializeAsync() => node = await NodeProcess.StartAsync(new() { DataFolder = folder.Path });

    public async Task DisposeAsync()
    {
        await node.DisposeAsync();
        folder.Dispose();
    }

    private static IEnumerable<string?> Failures(JsonElement decisions) =>
        decisions.EnumerateArray()
            .Select(decision => decision.GetProperty("decision_metadata").GetProperty("failure_id").GetString())
            .Order(StringComparer.Ordinal);

    private static IEnumerable<string?> Tasks(JsonElement decisions) =>
        decisions.EnumerateArray().Select(decision => decision.GetProperty("task_id").GetString()).Order(StringComparer.Ordinal);
}
