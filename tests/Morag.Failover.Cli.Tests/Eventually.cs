using System.Diagnostics;

namespace Morag.Failover.Cli.Tests;

/// <summary>Awaits a condition, with a generous bound for noisy machines.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    public static async Task BeTrueAsync(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < Bound, $"within {Bound}: {what}");
            await Task.Delay(10);
        }
    }
}
