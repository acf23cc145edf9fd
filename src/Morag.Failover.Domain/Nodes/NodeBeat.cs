namespace Morag.Failover.Domain.Nodes;

/// <summary>
/// A node's sign of life to the other nodes, twice a second. It travels the same way as the calls of workers from that node to their
/// owners: while it is missing, the silence of those workers means nothing. No reply.
/// </summary>
[ProtoContract(Name = "node-beat")]
public sealed record NodeBeat : IWireMessage
{
    /// <summary>
    /// How long ago the node's last own outage ended; null if there was none. A duration, because the clocks of nodes may differ.
    /// </summary>
    [ProtoMember(1)] public TimeSpan? SinceOutage { get; init; }

    /// <summary>By how much more than usual the node is late with its own work: the stretch of its patience above 1, 0 to 7.</summary>
    [ProtoMember(2)] public double ExtraPatience { get; init; }

    /// <summary>What makes it slow; null if nothing does.</summary>
    [ProtoMember(3)] public string? PatienceReason { get; init; }
}
