using Morag.Failover.Actors.Outages;

namespace Morag.Failover.Node.Cluster;

/// <summary>
/// This node's own presence: whether Redis has confirmed recently that no other node has taken over. Read on every call, so it takes no
/// lock.
/// </summary>
/// <param name="timeout">How long a renewal is valid, counted from before its request was sent.</param>
/// <param name="time">The clock.</param>
internal sealed class NodePresence(TimeSpan timeout, TimeProvider time) : IServingPermit
{
    private long renewedAt = time.GetTimestamp();
    private long renewedAtUtcTicks = time.GetUtcNow().UtcTicks;
    private volatile bool revoked;
    private volatile bool hasPeers;
    private volatile bool isKept;
    private volatile string? failure;

    /// <summary>How long a renewal is valid.</summary>
    public TimeSpan Timeout => timeout;

    /// <summary>Whether the cluster has other members, which may take over.</summary>
    public bool HasPeers
    {
        get => hasPeers;
        set => hasPeers = value;
    }

    /// <summary>Whether the last renewal is still valid.</summary>
    public bool IsCurrent => !revoked && Age < timeout;

    /// <inheritdoc />
    public string? Failure => failure;

    /// <inheritdoc />
    public ServingPermit State => revoked ? ServingPermit.Revoked
        : Age < timeout || !MayHaveBeenTakenOver ? ServingPermit.Valid
        : ServingPermit.Lapsed;

    // Without peers, only a node that starts can take over. A node that was frozen must ask Redis first. One that cannot reach Redis
    // continues to answer: normally no other node can reach Redis either.
    private bool MayHaveBeenTakenOver => hasPeers || (isKept && failure is null);

    // The monotonic clock stands still while a machine is suspended and the wall clock does not. If the wall clock is set forward, the
    // presence only lapses until the next renewal.
    private TimeSpan Age
    {
        get
        {
            var monotonic = time.GetElapsedTime(Volatile.Read(ref renewedAt));
            var wall = TimeSpan.FromTicks(time.GetUtcNow().UtcTicks - Volatile.Read(ref renewedAtUtcTicks));
            return monotonic > wall ? monotonic : wall;
        }
    }

    /// <summary>Records that Redis renewed the presence.</summary>
    /// <param name="asked">When the request was sent.</param>
    public void Renewed(PresenceInstant asked)
    {
        Volatile.Write(ref renewedAtUtcTicks, asked.UtcTicks);
        Volatile.Write(ref renewedAt, asked.Timestamp);
        isKept = true;
        failure = null;
    }

    /// <summary>Records that Redis did not renew the presence.</summary>
    /// <param name="why">Why, for people.</param>
    public void NotRenewed(string why) => failure = why;

    /// <summary>Records that another node has taken over, for good.</summary>
    public void Revoke() => revoked = true;
}

/// <summary>A moment on both clocks of this node.</summary>
internal readonly record struct PresenceInstant(long Timestamp, long UtcTicks)
{
    public static PresenceInstant Now(TimeProvider time) => new(time.GetTimestamp(), time.GetUtcNow().UtcTicks);
}
