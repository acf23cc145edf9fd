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
        await using var open = await node.OpenAsync("/workers/cpu-1");
        await open.Page.GetByText("Declare lost").First.ClickAsync();
        var reason = open.Page.Locator("#act-workers-cpu-1-offline").GetByLabel("Reason");
        await reason.FillAsync("half a rea");
        var updated = open.Page.WaitForResponseAsync(answer => answer.Url.EndsWith("/workers/cpu-1", StringComparison.Ordinal));
        await node.Node.Client.SubmitAsync([new { task_id = "update-1", queue = "cpu_batch", payload = 1 }]);
        _ = await (await updated).FinishedAsync();

        await Assertions.Expect(reason).ToBeFocusedAsync();
        await Assertions.Expect(reason).ToHaveValueAsync("half a rea");
    }

    [BrowserFact]
    public async Task Should_stand_still_while_paused()
    {
        await using var open = await node.OpenAsync("/tasks?queue=cpu_batch");
        var panel = open.Page.Locator("[data-live]");
        await Assertions.Expect(panel).ToContainTextAsync("Live");
        await open.Page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(panel).ToContainTextAsync("Paused");
        await node.Node.Client.SubmitAsync([new { task_id = "paused-1", queue = "cpu_batch", payload = 1 }]);
        await Assertions.Expect(open.Page.GetByText("paused-1")).ToHaveCountAsync(0);
        await open.Page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();

        await Assertions.Expect(open.Page.GetByText("paused-1")).ToBeVisibleAsync();
    }
}
