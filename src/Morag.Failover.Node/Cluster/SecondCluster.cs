namespace Morag.Failover.Node.Cluster;

/// <summary>
/// Notices nodes that renew their presence in the same Redis and are not members: a second cluster, which can only form while Redis has
/// lost the presence of the first one. Both sides come to the same conclusion: the cluster with the smallest id stays, any other stops.
/// </summary>
/// <param name="self">The id of this node.</param>
/// <param name="patience">How long a node may be unknown: the members hear of a node that joins only after a while.</param>
internal sealed class SecondCluster(string self, TimeSpan patience)
{
    private readonly HashSet<string> former = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> strangers = new(StringComparer.Ordinal);

    /// <summary>Nodes that were members, and renew their presence although the cluster has removed them.</summary>
    public IEnumerable<string> Removed => strangers.Keys.Where(former.Contains);

    /// <summary>Records what a renewal of this node returned.</summary>
    /// <param name="present">The ids of all nodes whose presence is current.</param>
    /// <param name="members">The ids of the members, without this node.</param>
    /// <param name="now">The time that has passed since any fixed moment.</param>
    /// <returns>The nodes of the cluster that stays, if that is not this one; otherwise none.</returns>
    public IReadOnlyList<string> Observe(IReadOnlyCollection<string> present, IReadOnlyCollection<string> members, TimeSpan now)
    {
        former.UnionWith(members);
        former.IntersectWith(present.Concat(members).ToList());
        var unknown = present.Where(node => node != self && !members.Contains(node)).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in strangers.Keys.Where(node => !unknown.Contains(node)).ToList())
        {
            strangers.Remove(gone);
        }

        foreach (var node in unknown)
        {
            strangers.TryAdd(node, now);
        }

        var others = strangers.Where(node => now - node.Value >= patience && !former.Contains(node.Key))
            .Select(node => node.Key)
            .Order(StringComparer.Ordinal)
            .ToList();
        var ours = present.Where(members.Contains).Append(self).Min(StringComparer.Ordinal);
        return others.Count > 0 && string.CompareOrdinal(others[0], ours) < 0 ? others : [];
    }
}
