using Microsoft.Playwright;
using Morag.Failover.Contracts.Alerts;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>The page on which operators change the thresholds of alerts.</summary>
[Collection(DashboardSpecs.Name)]
public sealed class AlertSettingsPageSpecs(DashboardNode node)
{
    [BrowserFact]
    public async Task Should_change_a_threshold_and_a_rule_and_reset_both_and_list_it_in_the_audit()
    {
        await using var open = await node.OpenAsync("/alerts");
        await open.Page.GetByRole(AriaRole.Link, new() { Name = "Thresholds" }).ClickAsync();
        await open.Page.GetByLabel("Age of a waiting task, seconds").FillAsync("900");
        await open.Page.GetByLabel("turn off worker flapping").CheckAsync();
        await SendAsync("users wait for these");

        await Assertions.Expect(SectionOf("thresholds")).ToContainTextAsync("15 min changed, configured 30 min");
        await Assertions.Expect(SectionOf("thresholds")).ToContainTextAsync("users wait for these");
        var changed = await SettingsAsync();
        Assert.Equal(
            (900, AlertThreshold.QueueAge, AlertKind.WorkerFlapping),
            (changed.Thresholds.QueueAgeSeconds, Assert.Single(changed.Overridden), Assert.Single(changed.Off)));

        await open.Page.GetByLabel("reset queue age to 30 min").CheckAsync();
        await open.Page.GetByLabel("turn on worker flapping").CheckAsync();
        await SendAsync("back to the configuration");
        await Assertions.Expect(SectionOf("thresholds")).Not.ToContainTextAsync("changed, configured");
        var reset = await SettingsAsync();
        Assert.Equal((1_800, 0, 0), (reset.Thresholds.QueueAgeSeconds, reset.Overridden.Length, reset.Off.Length));

        await open.Page.GetByRole(AriaRole.Link, new() { Name = "Changes of operators" }).ClickAsync();
        await Assertions.Expect(open.Page.Locator("tbody tr")).ToHaveCountAsync(2);
        await Assertions.Expect(open.Page.Locator("tbody")).ToContainTextAsync("users wait for these");

        ILocator SectionOf(string heading) => open.Page.Locator("section", new() { Has = open.Page.Locator($"#{heading}") });

        Task<AlertSettingsReport> SettingsAsync() => node.Node.Client.GetAsync<AlertSettingsReport>("/alerts/settings");

        async Task SendAsync(string reason)
        {
            await open.Page.GetByLabel("Reason").FillAsync(reason);
            await open.Page.GetByRole(AriaRole.Button, new() { Name = "Change" }).ClickAsync();
            await Assertions.Expect(open.Page.GetByRole(AriaRole.Status).Filter(new() { HasText = "are changed" })).ToBeVisibleAsync();
        }
    }

    [BrowserFact]
    public async Task Should_show_a_reader_the_thresholds_and_no_form()
    {
        await using var open = await node.OpenAsync("/alerts/settings", DashboardNode.ReaderToken);

        await Assertions.Expect(open.Page.GetByText("Age of a waiting task")).ToBeVisibleAsync();
        Assert.Equal(0, await open.Page.Locator("form[method=post]:not([action='/logout'])").CountAsync());
    }
}
