using Microsoft.Playwright;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>Changing every task that a filter matches.</summary>
[Collection(DashboardSpecs.Name)]
public sealed class BulkPageSpecs(DashboardNode node)
{
    [BrowserFact]
    public async Task Should_preview_a_move_carry_it_out_show_its_progress_and_undo_it()
    {
        await node.Node.Client.SubmitAsync(
            Enumerable.Range(1, 3).Select(number => (object)new { task_id = $"bulk-{number}", queue = "cpu_batch", payload = number }));
        await using var open = await node.OpenAsync("/tasks?filter=id~bulk- state:queued");
        await open.Page.GetByRole(AriaRole.Link, new() { Name = "Change all that match" }).ClickAsync();
        await Assertions.Expect(open.Page.Locator("#content")).ToContainTextAsync("3 tasks match");
        await open.Page.GetByLabel("Action").SelectOptionAsync("move");
        await open.Page.GetByLabel("New queue").SelectOptionAsync("cpu_standard");
        await open.Page.GetByRole(AriaRole.Button, new() { Name = "Preview" }).ClickAsync();
        await Assertions.Expect(open.Page.Locator("#content")).ToContainTextAsync("3 tasks would change. You can undo it.");
        Assert.Equal("cpu_batch", (await node.Node.Client.TaskAsync("bulk-1")).Queue.Value);

        await open.Page.GetByLabel("Reason").FillAsync("wrong queue");
        await open.Page.GetByRole(AriaRole.Button, new() { Name = "Change 3 tasks" }).ClickAsync();
        await open.Page.WaitForURLAsync("**/bulk/*");
        await Assertions.Expect(open.Page.Locator("#content")).ToContainTextAsync("Done. 3 tasks changed.");
        await Assertions.Expect(open.Page.Locator("#content")).ToContainTextAsync("3 tasks of about 3");
        var moved = await node.Node.Client.TaskAsync("bulk-1");
        Assert.Equal("cpu_standard", moved.Queue.Value);
        Assert.Contains(moved.History, entry => entry.Detail?.Contains("wrong queue", StringComparison.Ordinal) == true);

        var before = open.Page.Url;
        await open.ActAsync("Undo", "it was right");
        await open.Page.WaitForURLAsync(url => url != before);
        await Assertions.Expect(open.Page.Locator("#content")).ToContainTextAsync("Done. 3 tasks changed.");
        Assert.Equal("cpu_batch", (await node.Node.Client.TaskAsync("bulk-1")).Queue.Value);
        Assert.Empty(open.Errors);
    }

    [BrowserFact]
    public async Task Should_not_offer_to_begin_an_action_that_only_a_link_describes()
    {
        await node.Node.Client.SubmitAsync([new { task_id = "link-1", queue = "cpu_batch", payload = 1 }]);
        await using var open = await node.OpenAsync("/bulk/never-begun?action=cancel&filter=id:link-1&reason=spite&expected=1");

        await Assertions.Expect(open.Page.GetByText("This node does not carry it out now.")).ToBeVisibleAsync();
        Assert.Equal(0, await open.Page.Locator("form[method=post]:not([action='/logout'])").CountAsync());
        Assert.Equal(TaskState.Queued, (await node.Node.Client.TaskAsync("link-1")).State);
    }
}
