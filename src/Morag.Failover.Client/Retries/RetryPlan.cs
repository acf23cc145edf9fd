namespace Morag.Failover.Client;

/// <summary>Decides whether and when a failed call is repeated.</summary>
internal static class RetryPlan
{
    /// <summary>The longest pause after the first failure. It doubles with each further one.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause that the client chooses by itself.</summary>
    public static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(5);

    /// <summary>The pause before the next attempt; null to give up.</summary>
    /// <param name="failure">Why the last attempt failed.</param>
    /// <param name="isRepeatable">Whether the call has the same effect if it is carried out twice.</param>
    /// <param name="failures">How many attempts have failed, at least 1.</param>
    /// <param name="elapsed">The time since the first attempt began.</param>
    /// <param name="budget">The time after which no attempt starts.</param>
    /// <param name="draw">A random number from 0 to 1.</param>
    public static TimeSpan? PauseBefore(
        MoragException failure, bool isRepeatable, int failures, TimeSpan elapsed, TimeSpan budget, double draw)
    {
        if (!failure.IsTransient || (failure.OutcomeUnknown && !isRepeatable))
        {
            return null;
        }

        var most = FirstPause * Math.Pow(2, Math.Min(failures - 1, 16));
        var own = (most < MaxPause ? most : MaxPause) * (0.5 + (draw / 2));

        // What the node asks for is the least. The jitter comes on top, or all callers would return at the same moment.
        var pause = failure.RetryAfter is { } asked && asked > TimeSpan.Zero ? asked + (FirstPause * draw) : own;
        return pause < own ? Within(own) : Within(pause);

        TimeSpan? Within(TimeSpan chosen) => elapsed + chosen <= budget ? chosen : null;
    }
}
