namespace Morag.Persistence.Redis.Connection;

/// <summary>
/// Limits how often an unresponsive server is probed: one probe runs at a time, at most one starts per <see cref="Interval"/>, and all
/// callers in between share its result.
/// </summary>
internal sealed class SharedProbe(Func<Task<string?>> probe, TimeProvider time)
{
    /// <summary>Minimum time between the starts of two probes.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private Task<string?>? _latest;
    private long _startedAt;

    /// <summary>
    /// Returns the result of the latest probe, or of a new one: why the server cannot be reached, or null if it can. Throws what the
    /// probe throws.
    /// </summary>
    public Task<string?> RunAsync(CancellationToken cancellation)
    {
        Task<string?> latest;
        lock (_gate)
        {
            if (_latest is null || (_latest.IsCompleted && time.GetElapsedTime(_startedAt) >= Interval))
            {
                _startedAt = time.GetTimestamp();
                _latest = probe();
            }

            latest = _latest;
        }

        return latest.WaitAsync(cancellation);
    }
}
