namespace Morag.Failover.Domain.Nodes;

/// <summary>
/// A node's sign of life to the other nodes, twice a second. It takes the same path as the calls of workers from that node to their owners,
/// so while it is missing, the silence of those workers is no evidence. No reply.
/// </summary>
[ProtoContract(Name = "node-beat")]
public sealed record NodeBeat : IWireMessage
{
    /// <summary>
    /// How long ago the node's last own outage ended; null if there was none. A duration, because the clocks of nodes may differ.
    /// </summary>
    [ProtoMember(1)] public TimeSpan? SinceOutage { get; init; }

    /// <summary>By how much the factor of the node's patience exceeds 1, 0 to 7.</summary>
    [ProtoMember(2)] public double ExtraPatience { get; init; }

    /// <summary>What makes it slow; null if nothing does.</summary>
    [ProtoMember(3)] public string? PatienceReason { get; init; }

    /// <summary>The run of the node's process that <see cref="HeardSessions"/> belongs to; 0 before its first session with beats.</summary>
    [ProtoMember(4)] public long SessionEra { get; init; }

    /// <summary>
    /// A bit for each session that carries beats, by its number from the lowest bit of the first byte: whether a beat arrived since the
    /// last node beat. A bit that gets lost makes the worker look silent until its next beat, and never hides its silence.
    /// </summary>
    [ProtoMember(5)] public byte[] HeardSessions { get; init; } = [];

    /// <summary>
    /// How long ago a node beat of the receiver arrived at the sender; null if the sender's version does not report it. It shows the
    /// receiver whether its own node beats arrive.
    /// </summary>
    [ProtoMember(6)] public TimeSpan? SinceYours { get; init; }
}
