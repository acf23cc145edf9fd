namespace Morag.Failover.Node.Tests.Http;

internal static class Eventually
{
    /// <summary>Waits until <paramref name="condition"/> holds; fails after a generous bound.</summary>
    public static Task IsTrue(Func<bool> condition) => IsTrue(() => Task.FromResult(condition()));

    /// <summary>The same, of a condition that has to be asked for.</summary>
    public static async Task IsTrue(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(HttpNode.Patience);
        while (!await condition())
        {
            Assert.False(limit.IsCancellationRequested, "the condition did not come about");
            await Task.Delay(10);
        }
    }
}
