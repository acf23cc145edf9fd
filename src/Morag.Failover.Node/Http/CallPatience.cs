using System.Diagnostics;

namespace Morag.Failover.Node.Http;

/// <summary>
/// Measures one HTTP call from its first message to an owner, so that a call that asks several owners in turn has one time limit for all of
/// them.
/// </summary>
internal sealed class CallPatience
{
    private static readonly AsyncLocal<CallPatience?> Current = new();
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(200);
    private long firstAskedAt;

    /// <summary>Starts a call. The measure flows to everything that the call awaits.</summary>
    public static void Begin() => Current.Value = new CallPatience();

    /// <summary>The remaining time that a call may wait for unavailable owners; at least 200 ms.</summary>
    /// <param name="limit">The time for the whole call.</param>
    public static TimeSpan Left(TimeSpan limit)
    {
        if (Current.Value is not { } call)
        {
            return limit;
        }

        var now = Stopwatch.GetTimestamp();
        var first = Interlocked.CompareExchange(ref call.firstAskedAt, now, 0);
        var left = limit - (first == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(first, now));
        return left > Least ? left : Least;
    }
}
