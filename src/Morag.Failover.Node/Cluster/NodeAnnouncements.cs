using System.Collections.Immutable;
using Akka.Cluster;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Node.Cluster;

/// <summary>The HTTP addresses that nodes have announced, and the list of nodes made from them.</summary>
internal sealed class NodeAnnouncements
{
    private volatile ImmutableDictionary<string, string> known = ImmutableDictionary<string, string>.Empty;
    private string? own;

    /// <summary>Raised when this node announces an address.</summary>
    public event Action? Announced;

    /// <summary>The address that this node announces; null if none, or not yet.</summary>
    public string? Own => Volatile.Read(ref own);

    /// <summary>The addresses that other nodes and this one have announced, by <see cref="MemberId"/>.</summary>
    public ImmutableDictionary<string, string> Known => known;

    /// <summary>Announces this node's address.</summary>
    public void Announce(string address)
    {
        Volatile.Write(ref own, address);
        Announced?.Invoke();
    }

    /// <summary>Replaces what is known about all nodes.</summary>
    public void Learn(ImmutableDictionary<string, string> addresses) => known = addresses;

    /// <summary>The members of the cluster with their addresses, this node first, then the oldest.</summary>
    /// <param name="state">The members.</param>
    /// <param name="self">This node.</param>
    /// <param name="ownerRole">The role of the nodes that hold owners; null if all do.</param>
    public ImmutableArray<ClusterNode> List(
        ClusterEvent.CurrentClusterState state, UniqueAddress self, string? ownerRole = null) =>
    [
        .. state.Members
            .Where(member => member.Status != MemberStatus.Removed)
            .OrderByDescending(member => member.UniqueAddress.Equals(self))
            .ThenBy(member => member, Member.AgeOrdering)
            .Select(member => new ClusterNode
            {
                Node = member.Address.ToString(),
                Address = member.UniqueAddress.Equals(self) ? Own : known.GetValueOrDefault(MemberId.Of(member.UniqueAddress)),
                Status = WireName.Of(member.Status),
                Reachable = !state.Unreachable.Contains(member),
                Self = member.UniqueAddress.Equals(self),
                Oldest = member.Equals(OldestOwner(state, ownerRole)),
                Leader = member.Address.Equals(state.Leader),
                Roles = [.. member.Roles.Where(role => !ClusterIdentity.IsInternal(role)).Order(StringComparer.Ordinal)],
            }),
    ];

    /// <summary>The oldest member that holds owners; null if there is none.</summary>
    public static Member? OldestOwner(ClusterEvent.CurrentClusterState state, string? ownerRole) => state.Members
        .Where(member => member.Status is MemberStatus.Up or MemberStatus.Leaving
            && (string.IsNullOrEmpty(ownerRole) || member.HasRole(ownerRole)))
        .Order(Member.AgeOrdering)
        .FirstOrDefault();
}
