using System.Collections.Immutable;
using Morag.Failover.Domain.Owners;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Sharding;

/// <summary>Plans which shards of a region move to which nodes.</summary>
internal static class ShardPlan
{
    /// <summary>The moves.</summary>
    /// <param name="places">The shards of the region on each node.</param>
    /// <param name="shard">The shard to move; null for as many as it takes until no node has two more than another.</param>
    /// <param name="to">The node to which the shard moves; null for the one with the fewest.</param>
    /// <exception cref="ProblemException">There is no such shard, or it cannot move.</exception>
    public static ImmutableArray<ShardMove> Of(IReadOnlyList<RegionOnNode> places, string? shard, string? to)
    {
        if (to is not null && shard is null)
        {
            throw ProblemException.Invalid("shard", "is required with \"to\"");
        }

        if (to is not null && places.All(place => place.Node != to))
        {
            throw ProblemException.Invalid(
                "to",
                $"the node {to} holds no shards of this region. Those that do are {string.Join(", ", places.Select(place => place.Node))}");
        }

        return shard is null ? Even(places) : One(places, shard, to);
    }

    private static ImmutableArray<ShardMove> One(IReadOnlyList<RegionOnNode> places, string shard, string? to)
    {
        var from = places.FirstOrDefault(place => place.Shards.ContainsKey(shard))
            ?? throw ProblemException.Invalid("shard", $"no node runs the shard \"{shard}\" of this region");
        var target = to ?? places
            .Where(place => place != from)
            .OrderBy(place => place.Shards.Count)
            .ThenBy(place => place.Node, StringComparer.Ordinal)
            .FirstOrDefault()?.Node;
        return target is null || target == from.Node ? [] : [new ShardMove { Shard = shard, From = from.Node, To = target }];
    }

    private static ImmutableArray<ShardMove> Even(IReadOnlyList<RegionOnNode> places)
    {
        var counts = places.ToDictionary(
            place => place.Node, place => place.Shards.Keys.Order(StringComparer.Ordinal).ToList(), StringComparer.Ordinal);
        var moves = ImmutableArray.CreateBuilder<ShardMove>();
        while (counts.Count > 1 && moves.Count < MoveShards.MaxShards)
        {
            var most = counts.MaxBy(place => place.Value.Count);
            var fewest = counts.MinBy(place => place.Value.Count);
            if (most.Value.Count - fewest.Value.Count < 2)
            {
                break;
            }

            var shard = most.Value[^1];
            most.Value.RemoveAt(most.Value.Count - 1);
            fewest.Value.Insert(0, shard);
            moves.Add(new ShardMove { Shard = shard, From = most.Key, To = fewest.Key });
        }

        return moves.ToImmutable();
    }
}
