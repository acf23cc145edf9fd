using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>Every page works in the dark and in the light, on a phone, and for people who use assistive technology.</summary>
[Collection(DashboardSpecs.Name)]
public sealed class LookSpecs(DashboardNode node)
{
    private static readonly string[] Pages =
    [
        "/", "/?range=week", "/tasks", "/tasks?state=parked", $"/tasks/{DashboardNode.HostileTask}", "/workers", "/workers/gpu-1", "/login",
        "/queues", "/failures", "/parked", "/cluster", "/journal?measure=yes", "/journal/events?id=queue-0", "/settings",
        "/alerts", "/alerts/settings", "/audit", "/queues/cpu_batch?spread=yes",
        "/tasks?filter=failures>0&sort=-created&columns=state,last_error", "/bulk?filter=state:queued&action=cancel",
        "/bulk/some-id?action=move&filter=state:queued&queue=cpu_batch&reason=none&expected=10",
    ];

    [BrowserTheory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 360)]
    public async Task Should_open_every_page_without_an_error_or_a_barrier(ColorScheme scheme, int width)
    {
        await using var open = await node.OpenAsync(scheme: scheme, width: width);
        foreach (var path in Pages)
        {
            await open.GoAsync(path);
            var found = await open.Page.RunAxe();

            Assert.Equal((path, ""), (path, string.Join("; ", found.Violations.Select(rule =>
                $"{rule.Id}: {string.Join(", ", rule.Nodes.Select(element => element.Html))}"))));
            var overflow = await open.Page.EvaluateAsync<int>(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth");
            Assert.Equal((path, 0), (path, overflow));
            Assert.Equal((path, ""), (path, string.Join("; ", open.Errors)));
        }
    }

    [BrowserFact]
    public async Task Should_switch_to_the_other_theme_and_keep_it()
    {
        await using var open = await node.OpenAsync(scheme: ColorScheme.Light);
        await open.Page.GetByRole(AriaRole.Button, new() { Name = "Switch between dark and light" }).ClickAsync();
        await open.GoAsync("/tasks");

        Assert.Equal("dark", await open.Page.Locator("html").GetAttributeAsync("data-theme"));
    }

    [BrowserFact]
    public async Task Should_be_usable_with_the_keyboard_alone()
    {
        await using var open = await node.OpenAsync("/workers/cpu-1");
        var keyboard = open.Page.Keyboard;
        await keyboard.PressAsync("Tab");
        Assert.Equal("Skip to content", await FocusedTextAsync());
        await keyboard.PressAsync("Enter");
        for (var presses = 0; await FocusedTextAsync() != "Drain"; presses++)
        {
            Assert.True(presses < 30, "The action cannot be reached with the Tab key");
            await keyboard.PressAsync("Tab");
        }

        await keyboard.PressAsync("Enter");
        await Assertions.Expect(open.Page.GetByLabel("Release the rest after seconds")).ToBeFocusedAsync();
        await keyboard.PressAsync("Escape");
        Assert.Equal("Drain", await FocusedTextAsync());
        await Assertions.Expect(open.Page.GetByLabel("Release the rest after seconds")).ToBeHiddenAsync();

        Task<string> FocusedTextAsync() => open.Page.EvaluateAsync<string>("document.activeElement.textContent.trim()");
    }

    [BrowserFact]
    public async Task Should_show_hostile_texts_as_texts()
    {
        await using var open = await node.OpenAsync($"/tasks/{DashboardNode.HostileTask}");
        var body = await open.Page.Locator("#content").InnerTextAsync();

        Assert.Contains("<script>document.title='owned'</script>", body, StringComparison.Ordinal);
        Assert.Equal(0, await open.Page.Locator("#content script, #content img").CountAsync());
        Assert.DoesNotContain("owned", await open.Page.TitleAsync(), StringComparison.Ordinal);
        Assert.True((await open.Page.ContentAsync()).Length < 100_000, "The whole payload is in the page");
        Assert.Empty(open.Errors);
    }
}
