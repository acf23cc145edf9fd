using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Morag.Failover.Domain.Owners;

namespace Morag.Failover.Node.Inspection;

/// <summary>Lists the entities that run in the shards of this node.</summary>
internal sealed class ShardEntityReader(ActorSystem system)
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The names of the regions.</summary>
    public static IReadOnlyList<string> RegionsOf(ActorSystem system) =>
        [.. ClusterSharding.Get(system).ShardTypeNames.Order(StringComparer.Ordinal)];

    /// <summary>The order of the list.</summary>
    public static int Compare(ShardEntity left, ShardEntity right)
    {
        var byRegion = string.CompareOrdinal(left.Region, right.Region);
        var byShard = byRegion != 0 ? byRegion : string.CompareOrdinal(left.Shard, right.Shard);
        return byShard != 0 ? byShard : string.CompareOrdinal(left.Entity, right.Entity);
    }

    /// <summary>The entities that a request asks for.</summary>
    public async Task<ShardEntities> ReadAsync(ListShardEntities request)
    {
        var regions = RegionsOf(system).Where(region => request.Region is null || region == request.Region);
        var states = await Task.WhenAll(regions.Select(StateAsync));
        var silent = states.Where(state => state.State is null).Select(state => state.Region)
            .Concat(states.SelectMany(state => (state.State?.Failed ?? []).Select(shard => $"{state.Region} shard {shard}")));
        var found = states
            .SelectMany(state => (state.State?.Shards ?? []).SelectMany(shard => Entities(state.Region, shard)))
            .Where(entity => request.Shard is null || entity.Shard == request.Shard)
            .Where(entity => request.After is null || Compare(entity, request.After) > 0)
            .Order(Comparer<ShardEntity>.Create(Compare))
            .Take(request.Limit + 1)
            .ToImmutableArray();
        return new ShardEntities
        {
            Entities = found.Length > request.Limit ? found.RemoveAt(request.Limit) : found,
            HasMore = found.Length > request.Limit,
            Silent = [.. silent.Take(100)],
        };
    }

    private static IEnumerable<ShardEntity> Entities(string region, ShardState shard) =>
        shard.EntityIds.Select(entity => new ShardEntity { Region = region, Shard = shard.ShardId, Entity = entity });

    private async Task<(string Region, CurrentShardRegionState? State)> StateAsync(string region)
    {
        try
        {
            var actor = ClusterSharding.Get(system).ShardRegion(region);
            return (region, await actor.Ask<CurrentShardRegionState>(GetShardRegionState.Instance, AnswerTimeout));
        }
        catch (Exception failure) when (failure is AskTimeoutException or ArgumentException or InvalidOperationException)
        {
            return (region, null);
        }
    }
}
