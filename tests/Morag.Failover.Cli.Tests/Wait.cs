using System.Diagnostics;

namespace Morag.Failover.Cli.Tests;

/// <summary>Waits for a condition, with a generous time limit for slow machines.</summary>
internal static class Wait
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < Timeout, $"still waiting after {Timeout.TotalSeconds:0} s for {what}");
            await Task.Delay(10);
        }
    }
}
