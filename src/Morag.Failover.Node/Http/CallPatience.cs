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
    private readonly long beganAt = Stopwatch.GetTimestamp();
    private long firstAskedAt;
    private TimeSpan? mostForOne;
    private TimeSpan mostForAll;

    /// <summary>Starts a call. The measure flows to everything that the call awaits.</summary>
    public static void Begin() => Current.Value = new CallPatience();

    /// <summary>Lets this call wait less than usual for owners: for one of them, and for all of them together.</summary>
    public static void Limit(TimeSpan one, TimeSpan all)
    {
        if (Current.Value is { } call)
        {
            (call.mostForOne, call.mostForAll) = (one, all);
        }
    }

    /// <summary>The time to wait for the answer of one owner; at least 200 ms.</summary>
    /// <param name="usual">The time in a call without a <see cref="Limit"/>.</param>
    public static TimeSpan ForOne(TimeSpan usual)
    {
        if (Current.Value is not { mostForOne: { } one } call)
        {
            return usual;
        }

        var left = call.mostForAll - Stopwatch.GetElapsedTime(call.beganAt);
        var most = left < one ? left : one;
        most = most > Least ? most : Least;
        return most < usual ? most : usual;
    }

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
