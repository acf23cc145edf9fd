using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Domain.Owners;

/// <summary>Asks a node for entries of its log. Reply: <see cref="NodeLogPage"/>.</summary>
[ProtoContract(Name = "get-node-log")]
public sealed record GetNodeLog : IWireMessage
{
    /// <summary>The least severity.</summary>
    [ProtoMember(1)] public LogSeverity Least { get; init; }

    /// <summary>The run of the node to which <see cref="After"/> belongs; 0 for none.</summary>
    [ProtoMember(2)] public long Run { get; init; }

    /// <summary>The number of the last entry that the caller has.</summary>
    [ProtoMember(3)] public long After { get; init; }

    /// <summary>How many of the newest entries to return if the run is another one.</summary>
    [ProtoMember(4)] public int Last { get; init; }
}

/// <summary>Entries of a node's log.</summary>
[ProtoContract(Name = "node-log-page")]
public sealed record NodeLogPage : IWireMessage
{
    /// <summary>The most entries in one reply.</summary>
    public const int MaxLines = 200;

    /// <summary>The run of the node: another number after each start.</summary>
    [ProtoMember(1)] public long Run { get; init; }

    /// <summary>The entries, oldest first.</summary>
    [ProtoMember(2)] public ImmutableArray<NodeLogLine> Lines { get; init; } = [];

    /// <summary>The number of the last entry that was looked at.</summary>
    [ProtoMember(3)] public long Last { get; init; }

    /// <summary>How many entries were dropped before the caller asked for them.</summary>
    [ProtoMember(4)] public long Missed { get; init; }
}

/// <summary>Asks a node for the level of its log. Reply: <see cref="NodeLogLevel"/>.</summary>
[ProtoContract(Name = "get-node-log-level")]
public sealed record GetNodeLogLevel : IWireMessage;

/// <summary>Changes the level of a node's log until it stops. Reply: <see cref="NodeLogLevel"/>.</summary>
[ProtoContract(Name = "set-node-log-level")]
public sealed record SetNodeLogLevel : IWireMessage
{
    /// <summary>The level.</summary>
    [ProtoMember(1)] public required LogSeverity Level { get; init; }

    /// <summary>How long until the configured level comes back; null until the node stops.</summary>
    [ProtoMember(2)] public TimeSpan? For { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(3)] public required string Reason { get; init; }

    /// <summary>The name of the operator's token.</summary>
    [ProtoMember(4)] public required string By { get; init; }
}
