namespace Morag.Failover.Client.Connection;

/// <summary>
/// How long another instance of a worker must be silent before a new one takes over its id. Two living instances would keep taking each
/// other's leases.
/// </summary>
internal static class TakeoverDelay
{
    /// <summary>How often to look for a heartbeat of the other instance.</summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);

    // A process that misses this many heartbeats is dead.
    private const int MissedHeartbeats = 3;

    private static readonly TimeSpan Min = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Max = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Default = TimeSpan.FromSeconds(15);

    /// <summary>The delay, 2 to 60 s.</summary>
    /// <param name="heartbeatIntervalSeconds">The interval that the other instance announced; null if it announced none.</param>
    public static TimeSpan For(double? heartbeatIntervalSeconds)
    {
        var silence = heartbeatIntervalSeconds is { } interval
            ? TimeSpan.FromSeconds(Math.Clamp(interval * MissedHeartbeats, 0, Max.TotalSeconds))
            : Default;
        return silence < Min ? Min : silence;
    }
}
