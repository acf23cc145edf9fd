namespace Morag.Failover.Client.Connection;

/// <summary>Exponential backoff with jitter, so that many agents do not return at the same moment.</summary>
internal sealed class Backoff(TimeProvider clock, TimeSpan? limit = null)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(5);

    private int failures;

    /// <summary>The longest pause after so many failures in a row. The jitter subtracts up to half of it.</summary>
    /// <param name="failures">At least 1.</param>
    /// <param name="limit">No pause is longer.</param>
    public static TimeSpan Longest(int failures, TimeSpan limit)
    {
        var grown = First * Math.Pow(2, Math.Min(failures - 1, 16));
        return grown < limit ? grown : limit;
    }

    public void Succeeded() => failures = 0;

    /// <summary>Counts a failure, and returns the pause after it.</summary>
    public TimeSpan Next()
    {
        failures++;
        return Longest(failures, limit ?? DefaultLimit) * (0.5 + (Random.Shared.NextDouble() / 2));
    }

    public Task WaitAsync(CancellationToken cancellation) => Task.Delay(Next(), clock, cancellation);
}
