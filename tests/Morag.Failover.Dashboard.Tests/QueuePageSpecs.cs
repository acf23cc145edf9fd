using Microsoft.Playwright;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>The page of one queue, and the audit of what was done there.</summary>
[Collection(DashboardSpecs.Name)]
public sealed class QueuePageSpecs(DashboardNode node)
{
    [BrowserFact]
    public async Task Should_change_and_reset_a_limit_and_list_both_in_the_audit()
    {
        await using var open = await node.OpenAsync("/queues/gpu_fallback");
        var limits = open.Page.Locator("section", new() { Has = open.Page.Locator("#limits") });
        await open.Page.GetByText("Change limits").First.ClickAsync();
        await open.Page.GetByLabel("Tasks per worker").FillAsync("3");
        await open.ActAsync("Change limits", "few machines", isOpen: true);
        await Assertions.Expect(limits).ToContainTextAsync("3 changed, configured");
        await Assertions.Expect(limits).ToContainTextAsync("few machines");

        await open.Page.GetByText("Change limits").First.ClickAsync();
        await open.Page.GetByLabel("reset per worker").CheckAsync();
        await open.ActAsync("Change limits", "more machines", isOpen: true);
        await Assertions.Expect(limits).Not.ToContainTextAsync("changed, configured");

        await open.GoAsync("/audit?target=gpu_fallback");
        await Assertions.Expect(open.Page.Locator("tbody tr")).ToHaveCountAsync(2);
        await Assertions.Expect(open.Page.Locator("tbody")).ToContainTextAsync("few machines");
    }
}
