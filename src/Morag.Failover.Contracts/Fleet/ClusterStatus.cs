namespace Morag.Failover.Contracts.Fleet;

/// <summary>The state of the cluster in numbers, as the node that answers sees it.</summary>
public sealed record ClusterStatus
{
    /// <summary>The node that answers, as host and port.</summary>
    public required string Node { get; init; }

    /// <summary>The number of nodes that are members.</summary>
    public required int Nodes { get; init; }

    /// <summary>The number of those that are up.</summary>
    public required int Up { get; init; }

    /// <summary>The nodes that some node gets no heartbeats from, as host and port.</summary>
    public ImmutableArray<string> Unreachable { get; init; } = [];

    /// <summary>The nodes that join, leave or are removed, each with its state.</summary>
    public ImmutableArray<string> Moving { get; init; } = [];

    /// <summary>The leader, as host and port; null if there is none.</summary>
    public string? Leader { get; init; }

    /// <summary>The oldest node of those that hold owners, as host and port; null if there is none.</summary>
    public string? Oldest { get; init; }

    /// <summary>
    /// Whether the membership can change: no node is unreachable, and every member knows of the same ones. While it is false, nodes that
    /// start must wait.
    /// </summary>
    public required bool Converged { get; init; }

    /// <summary>The number of owners of state that this node knows not to serve.</summary>
    public int OwnersDown { get; init; }
}
