using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Fleet;

/// <summary>The level of a node's log.</summary>
[ProtoContract(Name = "node-log-level")]
public sealed record NodeLogLevel : IWireMessage
{
    /// <summary>The node, such as <c>10.0.0.1:4053</c>.</summary>
    [ProtoMember(1)] public required string Node { get; init; }

    /// <summary>The level in force; null if the node did not answer.</summary>
    [ProtoMember(2)] public LogSeverity? Level { get; init; }

    /// <summary>The level of its configuration; null if the node did not answer.</summary>
    [ProtoMember(3)] public LogSeverity? Configured { get; init; }

    /// <summary>When the configured level comes back; null if it is in force, or if the change lasts until the node stops.</summary>
    [ProtoMember(4)] public DateTimeOffset? Until { get; init; }

    /// <summary>The name of the token of the operator who changed it; null if nobody did.</summary>
    [ProtoMember(5)] public string? By { get; init; }

    /// <summary>Why it was changed; null if it was not.</summary>
    [ProtoMember(6)] public string? Reason { get; init; }

    /// <summary>Why the level is unknown; null if it is known.</summary>
    [ProtoMember(7)] public string? Problem { get; init; }
}
