using Microsoft.Playwright;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>Pages outlast their node.</summary>
[Collection(DashboardSpecs.Name)]
public sealed class NodeLossSpecs(DashboardNode shared)
{
    [BrowserFact]
    public async Task Should_go_on_at_another_node_with_the_same_session_when_the_node_is_killed()
    {
        await using var redis = new RedisServer();
        await redis.InitializeAsync();
        var folder = Directory.CreateTempSubdirectory("dashboard-nodes-");
        await using var first = await StartAsync(redis, folder, "first");
        await using var second = await StartAsync(redis, folder, "second");
        await using var context = await shared.Browser.NewContextAsync();
        context.SetDefaultTimeout((float)Eventually.Bound.TotalMilliseconds);
        var page = await context.NewPageAsync();
        await page.GotoAsync(first.Address + "login");
        await page.GetByLabel("Token").FillAsync(DashboardNode.OperatorToken);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Eventually.HoldsAsync(
            async () =>
            {
                await page.GotoAsync(first.Address + "cluster");
                return (await page.Locator("body").GetAttributeAsync("data-nodes"))!.Contains(
                    second.Address.Authority, StringComparison.Ordinal);
            },
            () => "the page names the other node");
        await Assertions.Expect(page.Locator("[data-live]")).ToContainTextAsync("Live");

        await first.KillAsync();

        await page.WaitForURLAsync(second.Address + "cluster");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Cluster" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("[data-live]")).ToContainTextAsync("Live");
    }

    [BrowserFact]
    public async Task Should_go_on_at_the_same_node_when_it_restarts()
    {
        var folder = Directory.CreateTempSubdirectory("dashboard-restart-");
        await using var node = await StartAsync(redis: null, folder, "only");
        await using var context = await shared.Browser.NewContextAsync();
        context.SetDefaultTimeout((float)Eventually.Bound.TotalMilliseconds);
        var page = await context.NewPageAsync();
        await page.GotoAsync(node.Address + "login?from=/tasks");
        await page.GetByLabel("Token").FillAsync(DashboardNode.OperatorToken);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        var live = page.Locator("[data-live]");
        await Assertions.Expect(live).ToContainTextAsync("Live");

        await node.KillAsync();
        await Assertions.Expect(live).ToContainTextAsync("Reconnecting");
        await node.StartAgainAsync();
        await node.Client.SubmitAsync([new { task_id = "after-the-restart", queue = "cpu_batch", payload = 1 }]);

        await Assertions.Expect(page.GetByText("after-the-restart")).ToBeVisibleAsync(new() { Timeout = 90_000 });
        await Assertions.Expect(live).ToContainTextAsync("Live");
    }

    private static Task<NodeProcess> StartAsync(RedisServer? redis, DirectoryInfo folder, string name) => NodeProcess.StartAsync(new()
    {
        Redis = redis?.ConnectionString,
        DataFolder = Path.Combine(folder.FullName, name),
        Token = DashboardNode.OperatorToken,
        Environment = new Dictionary<string, string> { ["MORAG_TOKEN"] = DashboardNode.OperatorToken },
    });
}
