using System.Text.Json;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests;

/// <summary>A pause and changed limits hold over kill -9, and a waiting worker gets work as soon as the pause ends.</summary>
public sealed class PausedQueueProcessSpecs : IAsyncLifetime
{
    private readonly TestFolder folder = new();
    private NodeProcess node = null!;

    [Fact]
    public async Task Should_hold_back_tasks_while_a_queue_is_paused_and_obey_changed_limits_over_a_kill()
    {
        await node.Client.PostAsync(
            "/workers/register", new { registration = new { worker_id = "w", capability = "cpu", max_concurrent_tasks = 10 } });
        await node.Client.PostAsync("/queues/cpu_standard/pause", new { reason = "a bad model" });
        await node.Client.PostAsync("/queues/cpu_standard/limits", new { per_worker = 1, reason = "one at a time" });
        await node.Client.SubmitAsync([.. Enumerable.Range(1, 3).Select(i => new { task_id = $"t-{i}", queue = "cpu_standard" })]);

        await node.KillAsync();
        await node.StartAgainAsync();

        Assert.Empty((await LeaseAsync(wait: 0)).EnumerateArray());
        Assert.Equal("the queue cpu_standard is paused: a bad model", (await node.Client.TaskAsync("t-1")).UnmetNeed);
        await Eventually.HoldsAsync(
            async () => (await node.Client.GetAsync<JsonElement>("/audit?target=cpu_standard")).GetArrayLength() == 2,
            () => "what the operator did before the kill is listed");
        var entries = await node.Client.GetAsync<AuditEntry[]>("/audit");
        Assert.Equal([AuditAction.QueueLimits, AuditAction.QueuePause], entries.Select(entry => entry.Action));
        Assert.Equal(("-", "a bad model", "not paused"), (entries[1].By, entries[1].Reason, entries[1].Before));
        var waiting = LeaseAsync(wait: 30);
        await node.Client.PostAsync("/queues/cpu_standard/resume", new { reason = "a good model" });
        Assert.Equal("t-1", Assert.Single((await waiting).EnumerateArray()).GetProperty("task_id").GetString());
        Assert.Empty((await LeaseAsync(wait: 0)).EnumerateArray());

        await node.Client.PostAsync("/queues/cpu_standard/limits", new { reset = new[] { "per_worker" }, reason = "all at once" });
        Assert.Equal(2, (await LeaseAsync(wait: 20)).GetArrayLength());
    }

    public async Task InitializeAsync() => node = await NodeProcess.StartAsync(new() { DataFolder = folder.Path });

    public async Task DisposeAsync()
    {
        await node.DisposeAsync();
        folder.Dispose();
    }

    private Task<JsonElement> LeaseAsync(int wait) =>
        node.Client.PostAsync("/workers/w/lease", new { wait_seconds = wait, max_tasks = 10 });
}
