namespace Morag.Failover.Cli.Agents;

/// <summary>Growing waits between tries, with a random part so that many agents do not come back at the same moment.</summary>
internal sealed class Backoff(TimeProvider clock, TimeSpan? longest = null)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private int failures;

    public void Succeeded() => failures = 0;

    public Task WaitAsync(CancellationToken cancellation)
    {
        var most = Math.Min(First.TotalSeconds * Math.Pow(2, Math.Min(failures, 16)), (longest ?? Longest).TotalSeconds);
        failures++;
        return Task.Delay(TimeSpan.FromSeconds(most * (0.5 + (Random.Shared.NextDouble() / 2))), clock, cancellation);
    }
}
