using Microsoft.Playwright;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>The progress of a task on its page.</summary>
[Collection(DashboardSpecs.Name)]
public sealed class TaskProgressSpecs(DashboardNode node)
{
    [BrowserFact]
    public async Task Should_show_how_far_a_task_is_and_its_checkpoint()
    {
        await using var open = await node.OpenAsync($"/tasks/{DashboardNode.HostileTask}");
        var progress = open.Page.GetByRole(AriaRole.Region, new() { Name = "Progress", Exact = true });

        await Assertions.Expect(progress).ToContainTextAsync("41.5%");
        await Assertions.Expect(progress).ToContainTextAsync("Reported by gpu-1 in attempt 1");
        await Assertions.Expect(progress).ToContainTextAsync(DashboardNode.Hostile);
        await Assertions.Expect(progress.GetByLabel("JSON")).ToContainTextAsync("17");
        Assert.Empty(open.Errors);
    }
}
