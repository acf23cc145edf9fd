using Microsoft.Playwright;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>The search box of the tasks, and the table below it.</summary>
[Collection(DashboardSpecs.Name)]
public sealed class TaskSearchPageSpecs(DashboardNode node)
{
    [BrowserFact]
    public async Task Should_complete_a_filter_with_the_keyboard_and_keep_it_in_the_address()
    {
        await using var open = await node.OpenAsync("/tasks");
        var box = open.Page.GetByRole(AriaRole.Combobox, new() { Name = "Filter" });
        var options = open.Page.GetByRole(AriaRole.Option);
        await box.PressSequentiallyAsync("stat");
        await Assertions.Expect(options.First).ToContainTextAsync("state:");
        await box.PressAsync("ArrowDown");
        await box.PressAsync("Enter");
        await Assertions.Expect(box).ToHaveValueAsync("state:");
        await box.PressSequentiallyAsync("succ");
        await Assertions.Expect(options).ToHaveCountAsync(1);
        await box.PressAsync("ArrowDown");
        await box.PressAsync("Enter");
        await Assertions.Expect(box).ToHaveValueAsync("state:succeeded ");
        await box.PressAsync("Enter");

        await open.Page.WaitForURLAsync("**/tasks?filter=state*succeeded*");
        await Assertions.Expect(open.Page.Locator("tbody .badge").First).ToHaveTextAsync("succeeded");
        Assert.All(await open.Page.Locator("tbody .badge").AllInnerTextsAsync(), state => Assert.Equal("succeeded", state));
        await Assertions.Expect(box).ToHaveValueAsync("state:succeeded");
        Assert.Empty(open.Errors);
    }

    [BrowserFact]
    public async Task Should_sort_by_a_heading_and_show_the_chosen_columns()
    {
        await using var open = await node.OpenAsync("/tasks?filter=state:succeeded");
        var ids = open.Page.Locator("tbody th a.id");
        var ascending = (await ids.AllInnerTextsAsync()).Order(StringComparer.Ordinal).ToList();
        await open.Page.GetByRole(AriaRole.Link, new() { Name = "Task", Exact = true }).ClickAsync();
        await open.Page.WaitForURLAsync("**sort=id");
        await open.Page.GetByRole(AriaRole.Link, new() { Name = "Task", Exact = true }).ClickAsync();
        await open.Page.WaitForURLAsync("**sort=-id");

        Assert.Equal(ascending.AsEnumerable().Reverse(), await ids.AllInnerTextsAsync());
        Assert.Equal("descending", await open.Page.Locator("thead th").First.GetAttributeAsync("aria-sort"));
        await open.Page.GetByText("Columns", new() { Exact = true }).ClickAsync();
        await open.Page.GetByLabel("Attempts").CheckAsync();
        await open.Page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await Assertions.Expect(open.Page.GetByRole(AriaRole.Columnheader, new() { Name = "Attempts" })).ToBeVisibleAsync();
        Assert.Equal(ascending.AsEnumerable().Reverse(), await ids.AllInnerTextsAsync());
    }

    [BrowserFact]
    public async Task Should_say_what_is_wrong_with_a_filter()
    {
        await using var open = await node.OpenAsync("/tasks?filter=retry_count>2");

        await Assertions.Expect(open.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("There is no field retry_count");
        await Assertions.Expect(open.Page.GetByRole(AriaRole.Combobox, new() { Name = "Filter" })).ToHaveValueAsync("retry_count>2");
    }
}
