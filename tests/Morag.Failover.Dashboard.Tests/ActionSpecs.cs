using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>What operators can do on the pages.</summary>
[Collection(DashboardSpecs.Name)]
public sealed class ActionSpecs(DashboardNode node)
{
    [BrowserFact]
    public async Task Should_drain_and_resume_a_worker()
    {
        await using var open = await node.OpenAsync("/workers/cpu-1");
        await open.ActAsync("Drain", "new memory");
        await Assertions.Expect(open.Page.GetByRole(AriaRole.Status).Filter(new() { HasText = "draining" })).ToBeVisibleAsync();
        Assert.True((await node.Node.Client.WorkerAsync("cpu-1")).Draining);

        await open.ActAsync("Resume", reason: null);
        Assert.False((await node.Node.Client.WorkerAsync("cpu-1")).Draining);
    }

    [BrowserFact]
    public async Task Should_open_and_reset_a_breaker()
    {
        await using var open = await node.OpenAsync("/workers/cpu-1");
        await open.ActAsync("Open breaker", "odd noises");
        Assert.Equal(BreakerState.Open, (await node.Node.Client.WorkerAsync("cpu-1")).BreakerState);
        await Assertions.Expect(open.Page.GetByText("odd noises")).ToBeVisibleAsync();

        await open.ActAsync("Reset breaker", "fan replaced");
        Assert.Equal(BreakerState.Closed, (await node.Node.Client.WorkerAsync("cpu-1")).BreakerState);
    }

    [BrowserFact]
    public async Task Should_cancel_a_task_with_a_reason()
    {
        await node.Node.Client.SubmitAsync([new { task_id = "cancel-1", queue = "cpu_batch", payload = 1 }]);
        await using var open = await node.OpenAsync("/tasks/cancel-1");
        await open.ActAsync("Cancel", "not needed");

        var task = await node.Node.Client.TaskAsync("cancel-1");
        Assert.Equal(TaskState.Cancelled, task.State);
        Assert.Contains(task.History, entry => entry.Detail?.Contains("not needed", StringComparison.Ordinal) == true);
        await Assertions.Expect(open.Page.GetByText("It was cancelled.")).ToBeVisibleAsync();
    }

    [BrowserFact]
    public async Task Should_pause_and_resume_a_queue()
    {
        await using var open = await node.OpenAsync("/queues");
        await open.ActAsync("Pause cpu_batch", "disk is full");
        await Assertions.Expect(open.Page).ToHaveURLAsync(new Regex("/queues/cpu_batch"));
        await Assertions.Expect(open.Page.GetByText("disk is full")).ToBeVisibleAsync();
        Assert.Equal("disk is full", await PauseAsync());

        await open.ActAsync("Resume", "disk replaced");
        Assert.Null(await PauseAsync());

        async Task<string?> PauseAsync() =>
            (await node.Node.Client.QueuesAsync()).Single(queue => queue.QueueType.Value == "cpu_batch").Pause?.Reason;
    }

    [BrowserFact]
    public async Task Should_offer_no_action_to_a_reader()
    {
        await using var open = await node.OpenAsync("/workers/cpu-1", DashboardNode.ReaderToken);

        await Assertions.Expect(open.Page.GetByText("night-shift")).ToBeVisibleAsync();
        Assert.Equal(0, await open.Page.Locator("form[method=post]:not([action='/logout'])").CountAsync());
    }
}
