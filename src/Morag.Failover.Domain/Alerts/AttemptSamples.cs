namespace Morag.Failover.Domain.Alerts;

/// <summary>
/// The counters of failed and completed attempts over the last minutes, from which the failure rate follows. Kept in memory only: after a
/// take-over the window fills again.
/// </summary>
public sealed record AttemptSamples
{
    /// <summary>No samples yet.</summary>
    public static readonly AttemptSamples None = new();

    private ImmutableList<(DateTimeOffset At, long Failed, long Completed)> Samples { get; init; } = [];

    /// <summary>Adds the present counters, and drops the samples that the window no longer needs.</summary>
    /// <param name="failed">The attempts that ever failed.</param>
    /// <param name="completed">The attempts that ever completed.</param>
    /// <param name="window">The time over which attempts are counted.</param>
    /// <param name="most">
    /// The longest time that may pass for the window. While counters could not be read, nobody knows when their attempts ended, so samples
    /// from before a longer gap do not count.
    /// </param>
    /// <param name="now">The time.</param>
    public AttemptSamples With(long failed, long completed, TimeSpan window, TimeSpan most, DateTimeOffset now)
    {
        // Counters only grow, unless the state was erased or a clock was set back.
        var kept = Samples is [.., var last] && (last.Failed > failed || last.Completed > completed || last.At > now) ? [] : Samples;
        var old = kept.FindLastIndex(sample => sample.At <= now - window);
        var needed = old > 0 ? kept.RemoveRange(0, old) : kept;
        return new AttemptSamples { Samples = needed.RemoveAll(sample => sample.At < now - most).Add((now, failed, completed)) };
    }

    /// <summary>The attempts that failed, and those that ended, since the oldest sample.</summary>
    public (long Failed, long Ended) Counts() => Samples is [var first, .., var last]
        ? (last.Failed - first.Failed, last.Failed - first.Failed + last.Completed - first.Completed)
        : (0, 0);

    /// <summary>Whether the samples reach back over the whole window. Before, a low rate shows nothing.</summary>
    public bool Cover(TimeSpan window) => Samples is [var first, .., var last] && last.At - first.At >= window;
}
