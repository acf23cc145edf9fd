using Microsoft.Playwright;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>The Chromium of the machine.</summary>
internal static class Chromium
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    /// <summary>The program; null if it is not installed.</summary>
    public static string? Program { get; } = Array.Find(Places, File.Exists);

    /// <summary>Why specs that need a browser are skipped; null if they are not. In CI they fail instead.</summary>
    public static string? SkipReason { get; } =
        Program is null && Environment.GetEnvironmentVariable("CI") != "true"
            ? "Chromium is not installed: apt-get install chromium"
            : null;

    public static Task<IBrowser> StartAsync(IPlaywright playwright) => playwright.Chromium.LaunchAsync(new()
    {
        ExecutablePath = Program ?? throw new InvalidOperationException("Chromium is not installed"),
        // Containers often forbid the sandbox. The browser opens only pages of the node under test.
        Args = ["--no-sandbox", "--disable-dev-shm-usage"],
    });
}

/// <summary>A spec that needs a browser.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = Chromium.SkipReason;
}

/// <summary>A spec with several cases that needs a browser.</summary>
public sealed class BrowserTheoryAttribute : TheoryAttribute
{
    public BrowserTheoryAttribute() => Skip = Chromium.SkipReason;
}
