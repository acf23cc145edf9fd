using System.Diagnostics;

namespace Morag.EmbeddedRedis.Tests;

internal static class Eventually
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    public static async Task HoldsAsync(Func<bool> condition, string what)
    {
        for (var waited = Stopwatch.StartNew(); !condition(); await Task.Delay(10))
        {
            Assert.True(waited.Elapsed < Bound, $"Still waiting: {what}");
        }
    }
}
