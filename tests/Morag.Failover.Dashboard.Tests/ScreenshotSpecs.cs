using Microsoft.Playwright;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>Makes the pictures of the README, on demand: MORAG_SCREENSHOTS names the folder.</summary>
[Collection(DashboardSpecs.Name)]
public sealed class ScreenshotSpecs(DashboardNode node)
{
    private static readonly string Folder = ScreenshotTheoryAttribute.Folder ?? "";

    [ScreenshotTheory]
    [InlineData("dashboard-overview", "/", ColorScheme.Light, 1280, 800)]
    [InlineData("dashboard-worker", "/workers/gpu-1", ColorScheme.Light, 1280, 900)]
    [InlineData("dashboard-task", $"/tasks/{DashboardNode.HostileTask}", ColorScheme.Dark, 1280, 900)]
    [InlineData("dashboard-phone", "/", ColorScheme.Dark, 360, 740)]
    public async Task Should_look_like_this(string name, string path, ColorScheme scheme, int width, int height)
    {
        await using var open = await node.OpenAsync(path, scheme: scheme, width: width, height: height);
        await Assertions.Expect(open.Page.Locator("[data-live]")).ToContainTextAsync("Live");
        _ = await open.Page.ScreenshotAsync(new() { Path = Path.Combine(Folder, $"{name}.png") });
    }
}

/// <summary>A spec that writes pictures, which runs only on demand.</summary>
public sealed class ScreenshotTheoryAttribute : TheoryAttribute
{
    public static string? Folder { get; } = Environment.GetEnvironmentVariable("MORAG_SCREENSHOTS");

    public ScreenshotTheoryAttribute() =>
        Skip = Folder is null ? "writes pictures; runs with MORAG_SCREENSHOTS=FOLDER" : Chromium.SkipReason;
}
