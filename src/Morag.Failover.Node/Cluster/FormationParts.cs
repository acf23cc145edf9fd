using System.Net;
using Morag.Failover.Node.Stores;

namespace Morag.Failover.Node.Cluster;

/// <summary>What <see cref="ClusterFormation"/> works with.</summary>
internal sealed class FormationParts
{
    /// <summary>The presence of all nodes.</summary>
    public required PresenceTable Table { get; init; }

    /// <summary>How long a presence lasts.</summary>
    public required TimeSpan PresenceTimeout { get; init; }

    /// <summary>How long a node that may be alive can be without presence before others take over from it.</summary>
    public required TimeSpan TakeOverAfter { get; init; }

    /// <summary>The role of the nodes that hold owners; empty if all nodes do.</summary>
    public required string OwnerRole { get; init; }

    /// <summary>The full addresses of nodes to ask, besides those that are found in Redis.</summary>
    public required IReadOnlyList<string> Seeds { get; init; }

    /// <summary>Receives what the node waits for.</summary>
    public required JoinProgress Progress { get; init; }

    /// <summary>Stops the node if it must not join.</summary>
    public required Refusal Refusal { get; init; }

    /// <summary>Resolves a name.</summary>
    public required Func<string, Task<IPAddress[]>> Resolve { get; init; }

    public required ILogger Log { get; init; }
}
