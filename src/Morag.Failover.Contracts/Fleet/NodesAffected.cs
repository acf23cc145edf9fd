namespace Morag.Failover.Contracts.Fleet;

/// <summary>What an operator's call about nodes does.</summary>
public sealed record NodesAffected
{
    /// <summary>The nodes that it affects, as host and port.</summary>
    public ImmutableArray<string> Nodes { get; init; } = [];

    /// <summary>What happens next, in a sentence.</summary>
    public required string Next { get; init; }

    /// <summary>Whether nothing was changed, because the call asked only what it would do.</summary>
    public bool DryRun { get; init; }
}
