using Microsoft.Playwright;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>Pages show what happens without being reloaded.</summary>
[Collection(DashboardSpecs.Name)]
public sealed class LiveSpecs(DashboardNode node)
{
    [BrowserFact]
    public async Task Should_show_a_killed_worker_as_lost_without_a_reload()
    {
        await using var agent = AgentProcess.Start(new()
        {
            Node = node.Node.Address,
            WorkerId = "killed-1",
            Capability = "gpu",
            Queues = ["gpu_fallback"],
            WorkFolder = Path.Combine(node.Folder.FullName, "killed-1"),
            Command = ["true"],
            Heartbeat = TimeSpan.FromSeconds(1),
            Environment = new Dictionary<string, string> { ["MORAG_TOKEN"] = DashboardNode.OperatorToken },
        });
        await using var open = await node.OpenAsync("/workers");
        var row = open.Page.Locator("tr", new() { HasText = "killed-1" });
        await Assertions.Expect(row).ToContainTextAsync("alive");
        await open.Page.EvaluateAsync("window.notReloaded = true");

        await agent.KillAsync();

        await Assertions.Expect(row).ToContainTextAsync("offline");
        Assert.True(await open.Page.EvaluateAsync<bool>("window.notReloaded === true"));
    }

    [BrowserFact]
    public async Task Should_keep_what_the_reader_does_when_the_page_is_updated()
    {
        await using var open = await node.OpenAsync("/workers/gpu-1");
        var form = open.Page.Locator("#act-workers-gpu-1-drain");
        await form.Locator("summary").ClickAsync();
        var reason = form.GetByLabel("Reason");
        await reason.FillAsync("half a rea");

        // Somebody else drains the worker: the page gains a badge and another form, and no longer has the one that the reader fills in.
        _ = await node.Node.Client.PostAsync("/workers/gpu-1/drain", new { reason = "somebody else" });
        await Assertions.Expect(open.Page.Locator(".badges")).ToContainTextAsync("draining");

        await Assertions.Expect(reason).ToBeFocusedAsync();
        await Assertions.Expect(reason).ToHaveValueAsync("half a rea");
        _ = await node.Node.Client.PostAsync("/workers/gpu-1/resume", new { });
        await Assertions.Expect(open.Page.Locator(".badges")).Not.ToContainTextAsync("draining");
        await Assertions.Expect(reason).ToBeFocusedAsync();
        await Assertions.Expect(reason).ToHaveValueAsync("half a rea");
    }

    [BrowserFact]
    public async Task Should_stand_still_while_paused()
    {
        await using var open = await node.OpenAsync("/tasks?queue=cpu_batch");
        await using var other = await node.OpenAsync("/tasks?queue=cpu_batch");
        var panel = open.Page.Locator("[data-live]");
        await Assertions.Expect(panel).ToContainTextAsync("Live");
        await open.Page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(panel).ToContainTextAsync("Paused");
        await node.Node.Client.SubmitAsync([new { task_id = "paused-1", queue = "cpu_batch", payload = 1 }]);
        await Assertions.Expect(other.Page.GetByText("paused-1")).ToBeVisibleAsync();

        Assert.Equal(0, await open.Page.GetByText("paused-1").CountAsync());
        await open.Page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Assertions.Expect(open.Page.GetByText("paused-1")).ToBeVisibleAsync();
    }

    [BrowserFact]
    public async Task Should_not_say_live_while_the_page_cannot_be_loaded()
    {
        await using var open = await node.OpenAsync("/queues");
        var panel = open.Page.Locator("[data-live]");
        await Assertions.Expect(panel).ToContainTextAsync("Live");
        await open.Page.RouteAsync("**/queues", route => route.FulfillAsync(new() { Status = 503, Body = "down" }));
        await Assertions.Expect(panel).ToContainTextAsync("Not up to date");

        await open.Page.UnrouteAsync("**/queues");
        await Assertions.Expect(panel).ToContainTextAsync("Live");
    }
}
