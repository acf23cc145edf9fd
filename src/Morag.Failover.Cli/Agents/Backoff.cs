namespace Morag.Failover.Cli.Agents;

/// <summary>Growing waits between tries, with a random part so that many agents do not come back at the same moment.</summary>
internal sealed class Backoff(TimeProvider clock)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private int failures;

    /// <summary>Whether this is the first failure since the last success: the one that is worth telling.</summary>
    public bool IsFirst => failures == 0;

    public void Succeeded() => failures = 0;

    public Task WaitAsync(CancellationToken cancellation)
    {
        var longest = Math.Min(First.TotalSeconds * Math.Pow(2, Math.Min(failures, 16)), Longest.TotalSeconds);
        failures++;
        return Task.Delay(TimeSpan.FromSeconds(longest * (0.5 + (Random.Shared.NextDouble() / 2))), clock, cancellation);
    }
}
