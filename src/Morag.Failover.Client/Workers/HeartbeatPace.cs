using Morag.Failover.Client.Connection;

namespace Morag.Failover.Client.Workers;

/// <summary>
/// When a worker sends heartbeats: one in each interval, and the next one sooner after one that nobody answered. It also limits how long
/// it waits for an answer.
/// </summary>
/// <remarks>
/// A worker is lost after a silence of twice its interval and 3 s, at the cluster's default settings. The interval, the limit, the first
/// pause and the limit of a second attempt add up to less, so one lost heartbeat does not lose the worker.
/// </remarks>
internal sealed class HeartbeatPace(TimeSpan interval, TimeProvider clock) : IDisposable
{
    // A live node answers any call within a second. The rest is for an owner that is slow or moves.
    private static readonly TimeSpan LeastLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(5);

    private readonly HurriedPause pause = new(clock);
    private readonly Backoff backoff = new(clock, MaxPauseFor(interval));

    /// <summary>The time limit of each attempt to send a heartbeat.</summary>
    public TimeSpan Limit { get; } = LimitFor(interval);

    /// <summary>The time limit of each attempt to send a heartbeat: 1 s and half the interval, at most 5 s.</summary>
    public static TimeSpan LimitFor(TimeSpan interval)
    {
        var limit = LeastLimit + (interval / 2);
        return limit < MaxLimit ? limit : MaxLimit;
    }

    /// <summary>The longest pause after so many failures in a row, at least one. The jitter subtracts up to half of it.</summary>
    public static TimeSpan LongestPause(int failures, TimeSpan interval) => Backoff.Longest(failures, MaxPauseFor(interval));

    /// <summary>Whether a failed heartbeat was heard. It is not repeated early then: the answer would be the same.</summary>
    public static bool IsHeard(MoragException failure) => failure.IsUnreadable || !failure.IsTransient;

    /// <summary>Ends the current pause, or the next one.</summary>
    public void Hurry() => pause.Hurry();

    /// <summary>Waits until the next heartbeat is due.</summary>
    /// <param name="wasHeard">Whether the cluster heard the last one.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task WaitAsync(bool wasHeard, CancellationToken cancellation)
    {
        if (!wasHeard)
        {
            return pause.WaitAsync(backoff.Next(), cancellation);
        }

        backoff.Succeeded();
        return pause.WaitAsync(interval, cancellation);
    }

    public void Dispose() => pause.Dispose();

    private static TimeSpan MaxPauseFor(TimeSpan interval) => interval < MaxPause ? interval : MaxPause;
}
