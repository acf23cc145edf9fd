using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>The rhythm of a worker's heartbeats on its page and in the list.</summary>
[Collection(DashboardSpecs.Name)]
public sealed class WorkerPageSpecs(DashboardNode node)
{
    [BrowserFact]
    public async Task Should_draw_the_heartbeats_with_the_silence_at_which_the_worker_is_suspect_and_lost()
    {
        await using var open = await node.OpenAsync($"/workers/{DashboardNode.BeatingWorker}");
        var figure = open.Page.Locator("figure.beats");

        await Assertions.Expect(figure).ToContainTextAsync("suspect after");
        await Assertions.Expect(figure).ToContainTextAsync("lost after 3 min");
        Assert.Equal(DashboardNode.Beats - 1, await figure.Locator("rect.beat").CountAsync());
        Assert.Equal(1, await figure.Locator("line.suspect").CountAsync());
        var (beat, lost) = (await TopOfAsync("rect.beat"), await TopOfAsync("line.lost"));
        Assert.True(beat > lost, $"The heartbeats at {beat} reach the line at {lost}");

        await open.GoAsync("/workers");
        var row = open.Page.Locator("tr", new() { HasText = DashboardNode.BeatingWorker });
        await Assertions.Expect(row.GetByRole(AriaRole.Img))
            .ToHaveAttributeAsync("aria-label", new Regex("^A heartbeat is expected every 1 min 30 s"));
        Assert.Equal(0, await open.Page.Locator("tr", new() { HasText = "formula-1" }).Locator("svg").CountAsync());

        async Task<float> TopOfAsync(string what) => (await figure.Locator(what).First.BoundingBoxAsync())!.Y;
    }
}
