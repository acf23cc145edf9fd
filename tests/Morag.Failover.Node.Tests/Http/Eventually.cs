namespace Morag.Failover.Node.Tests.Http;

internal static class Eventually
{
    /// <summary>Waits until <paramref name="condition"/> holds; fails after a generous bound.</summary>
    public static async Task IsTrue(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(HttpNode.Patience);
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, "the condition did not come about");
            await Task.Delay(10);
        }
    }
}
