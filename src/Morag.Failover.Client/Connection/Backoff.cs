namespace Morag.Failover.Client.Connection;

/// <summary>Exponential backoff with jitter, so that many agents do not return at the same moment.</summary>
internal sealed class Backoff(TimeProvider clock, TimeSpan? limit = null)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(5);

    private int failures;

    public void Succeeded() => failures = 0;

    public Task WaitAsync(CancellationToken cancellation)
    {
        var most = Math.Min(First.TotalSeconds * Math.Pow(2, Math.Min(failures, 16)), (limit ?? DefaultLimit).TotalSeconds);
        failures++;
        return Task.Delay(TimeSpan.FromSeconds(most * (0.5 + (Random.Shared.NextDouble() / 2))), clock, cancellation);
    }
}
