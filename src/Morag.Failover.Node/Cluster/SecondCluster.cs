namespace Morag.Failover.Node.Cluster;

/// <summary>
/// Notices nodes that renew their presence in the same Redis and are not members: a second cluster, which can only form while Redis has
/// lost the presence of the first one, or a node that joined a part of the cluster that has ended. Both sides come to the same
/// conclusion: the side with more nodes stays, or the one with the smallest id if both have as many. The side that stays also ends the
/// presence of the other one.
/// </summary>
/// <param name="self">The id of this node.</param>
/// <param name="patience">How long a node may be unknown: the members learn of a node that joins only after a while.</param>
internal sealed class SecondCluster(string self, TimeSpan patience)
{
    private const int MaxFormer = 1_000;

    private readonly HashSet<string> former = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> strangers = new(StringComparer.Ordinal);

    /// <summary>Records what a renewal of this node returned.</summary>
    /// <param name="present">The ids of all nodes whose presence is current.</param>
    /// <param name="members">The ids of the members, without this node.</param>
    /// <param name="inDoubt">
    /// Whether a member is unreachable or down. Then the cluster may be cut in two, and each part knows only the nodes that join it.
    /// </param>
    /// <param name="now">The time that has passed since any fixed moment.</param>
    public SecondClusterVerdict Observe(
        IReadOnlyCollection<string> present, IReadOnlyCollection<string> members, bool inDoubt, TimeSpan now)
    {
        Remember(present, members);
        var unknown = present.Where(node => node != self && !members.Contains(node)).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in strangers.Keys.Where(node => !unknown.Contains(node)).ToList())
        {
            strangers.Remove(gone);
        }

        foreach (var node in unknown.Where(node => inDoubt || !strangers.ContainsKey(node)))
        {
            strangers[node] = now;
        }

        var settled = strangers.Where(node => now - node.Value >= patience).Select(node => node.Key).Order(StringComparer.Ordinal).ToList();
        var others = unknown.Except(former).Order(StringComparer.Ordinal).ToList();
        return settled.Exists(others.Contains) && !StaysBeside(others, [.. present.Where(members.Contains), self])
            ? new SecondClusterVerdict(Stays: others, Ends: [])
            : new SecondClusterVerdict(Stays: [], Ends: settled);
    }

    private static bool StaysBeside(List<string> others, List<string> ours) => ours.Count != others.Count
        ? ours.Count > others.Count
        : string.CompareOrdinal(ours.Min(StringComparer.Ordinal), others[0]) < 0;

    private void Remember(IReadOnlyCollection<string> present, IReadOnlyCollection<string> members)
    {
        former.UnionWith(members);
        if (former.Count > MaxFormer)
        {
            former.IntersectWith([.. present, .. members]);
        }
    }
}

/// <summary>What a node has to do about nodes that are present and no members.</summary>
/// <param name="Stays">The nodes of the other cluster, if that one stays and this node must stop; otherwise empty.</param>
/// <param name="Ends">The nodes whose presence this one must end.</param>
internal sealed record SecondClusterVerdict(IReadOnlyList<string> Stays, IReadOnlyList<string> Ends);
