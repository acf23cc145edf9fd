namespace Morag.Persistence.Redis.Connection;

/// <summary>
/// Limits how often a server that does not answer is probed, however many ask: one probe runs at a time, at most one starts in
/// <see cref="Interval"/>, and all who ask in between share its outcome.
/// </summary>
internal sealed class SharedProbe(Func<Task<string?>> probe, TimeProvider time)
{
    /// <summary>The least time between the starts of two probes.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private Task<string?>? _latest;
    private long _startedAt;

    /// <summary>What the latest probe found, or finds: why the server cannot be reached, or null where it can. Its failure is thrown.</summary>
    public Task<string?> AskAsync(CancellationToken cancellation)
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
