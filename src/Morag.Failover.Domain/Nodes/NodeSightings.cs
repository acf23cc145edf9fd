namespace Morag.Failover.Domain.Nodes;

/// <summary>What this node has observed of another node, from its node beats and from the cluster's membership.</summary>
public sealed record NodeSightings
{
    /// <summary>
    /// How long a node that was removed may still answer workers. If it is alive but cut off, it stops when it learns of the removal: from
    /// Redis after a second or two, or else from its own split brain resolver.
    /// </summary>
    public static readonly TimeSpan MayServeFor = TimeSpan.FromSeconds(20);

    /// <summary>The node's host and port.</summary>
    public required string Node { get; init; }

    /// <summary>When its last node beat arrived, or when it joined.</summary>
    public required DateTimeOffset HeardAt { get; init; }

    /// <summary>When the node's workers could reach it again, or could first try another one. Earlier silence does not count.</summary>
    public DateTimeOffset CountsFrom { get; init; }

    /// <summary>When this node last learned that it is unreachable, leaving, down or removed; null while it is healthy.</summary>
    public DateTimeOffset? LostAt { get; init; }

    /// <summary>When the node last left the cluster or was removed from it, even if a node at its address has joined since.</summary>
    public DateTimeOffset? GoneAt { get; init; }

    /// <summary>
    /// When a node beat of this node last arrived there, as far as this node knows; null if the other node does not report it.
    /// </summary>
    public DateTimeOffset? ReachedAt { get; init; }

    /// <summary>The node's own patience.</summary>
    public Patience Patience { get; init; }

    /// <summary>A node that has joined, perhaps at the address of one that is gone.</summary>
    public static NodeSightings Joined(string node, NodeSightings? before, DateTimeOffset now) =>
        new() { Node = node, HeardAt = now, CountsFrom = now, GoneAt = before?.GoneAt };

    /// <summary>Records a node beat. One after more than <paramref name="tolerance"/> of silence ends an outage.</summary>
    public NodeSightings Beat(NodeBeat beat, TimeSpan tolerance, DateTimeOffset now)
    {
        var countsFrom = now - HeardAt > tolerance ? now : CountsFrom;
        return this with
        {
            HeardAt = now,
            CountsFrom = now - beat.SinceOutage is { } outageEnded && outageEnded > countsFrom ? outageEnded : countsFrom,
            ReachedAt = beat.SinceYours is { } since ? now - since : null,
            Patience = new Patience(Math.Clamp(beat.ExtraPatience, 0, Patience.MaxFactor - 1), beat.PatienceReason),
        };
    }

    /// <summary>Records that the node is unreachable or leaving.</summary>
    public NodeSightings Lost(DateTimeOffset now) => this with { LostAt = now, CountsFrom = now };

    /// <summary>Records that the node is down or removed.</summary>
    public NodeSightings Gone(DateTimeOffset now) => Lost(now) with { GoneAt = now };

    /// <summary>Records that the node is reachable again.</summary>
    public NodeSightings Reachable(DateTimeOffset now) => this with { LostAt = null, HeardAt = now, CountsFrom = now };

    /// <summary>Whether node beats arrive in both directions.</summary>
    /// <param name="tolerance">The shortest silence of a node that counts as an outage.</param>
    /// <param name="now">The time.</param>
    public bool IsInTouch(TimeSpan tolerance, DateTimeOffset now) =>
        LostAt is null && now - HeardAt <= tolerance && (ReachedAt is not { } reached || now - reached <= tolerance * 1.5);

    /// <summary>
    /// Whether its node beats have arrived without interruption since a worker was last heard from through another node. If not, the worker
    /// may have called through it meanwhile. A member whose node beats had been missing for <see cref="GatewayHealth.OutagesUntilLost"/>
    /// times the tolerance before that is ignored, or it would excuse all workers for as long as it is a member; its own workers are never
    /// blamed (<see cref="HealthFor"/>). A node that was removed is ignored after <see cref="MayServeFor"/>.
    /// </summary>
    /// <param name="workerHeardAt">When the last sign of life of the worker arrived.</param>
    /// <param name="tolerance">The shortest silence of a node that counts as an outage.</param>
    /// <param name="now">The time.</param>
    public bool WasHeardSince(DateTimeOffset workerHeardAt, TimeSpan tolerance, DateTimeOffset now) =>
        LostAt is { } lost
            ? lost == GoneAt && lost + MayServeFor <= workerHeardAt
            : !(GoneAt + MayServeFor > workerHeardAt)
                && (workerHeardAt - HeardAt > tolerance * GatewayHealth.OutagesUntilLost
                    || (CountsFrom <= workerHeardAt && now - HeardAt <= tolerance));

    /// <summary>What this means for a worker that was last heard from through the node.</summary>
    /// <param name="workerHeardAt">When the last sign of life of the worker arrived.</param>
    /// <param name="tolerance">The shortest silence of a node that counts as an outage.</param>
    /// <param name="now">The time.</param>
    public GatewayHealth HealthFor(DateTimeOffset workerHeardAt, TimeSpan tolerance, DateTimeOffset now)
    {
        var lostAt = LostAt ?? (GoneAt > workerHeardAt ? GoneAt : null);

        // The cluster usually says so much earlier. Without this, a node whose beats get lost would hide lost workers for good.
        var tooSilentAt = HeardAt + (tolerance * GatewayHealth.OutagesUntilLost);
        if (lostAt is null && now >= tooSilentAt)
        {
            return new(Node, tooSilentAt, tooSilentAt, null, Patience);
        }

        // Within half of the tolerance the next beat is not overdue.
        return new(Node, lostAt, CountsFrom, lostAt is null ? HeardAt + (tolerance / 2) : null, Patience);
    }
}
