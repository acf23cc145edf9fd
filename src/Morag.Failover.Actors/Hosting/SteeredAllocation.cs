using Akka.Cluster.Sharding;
using Morag.Failover.Actors.Outages;

namespace Morag.Failover.Actors.Hosting;

/// <summary>
/// Places shards as another strategy does, and besides moves those that an operator asked for. Only the node on which the coordinator of
/// the region runs uses it.
/// </summary>
internal sealed class SteeredAllocation(string region, ShardMoves moves, IShardAllocationStrategy usual, Address self)
    : IActorSystemDependentAllocationStrategy
{
    /// <inheritdoc />
    public void Start(ActorSystem system)
    {
        switch (usual)
        {
            case IStartableAllocationStrategy startable:
                startable.Start();
                break;
            case IActorSystemDependentAllocationStrategy dependent:
                dependent.Start(system);
                break;
            default:
                break;
        }
    }

    /// <inheritdoc />
    public async Task<IActorRef> AllocateShard(
        IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations) =>
        moves.TargetOf(region, shardId) is { } target
            && currentShardAllocations.Keys.FirstOrDefault(place => NameOf(place) == target) is { } wanted
                ? wanted
                : await usual.AllocateShard(requester, shardId, currentShardAllocations);

    /// <inheritdoc />
    public async Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress)
    {
        var usually = await usual.Rebalance(currentShardAllocations, rebalanceInProgress);
        var places = currentShardAllocations
            .SelectMany(place => place.Value.Select(shard => (Shard: shard, Node: NameOf(place.Key))))
            .ToDictionary(pair => pair.Shard, pair => pair.Node);
        var steered = moves.Begin(region, places, currentShardAllocations.Keys.Select(NameOf).ToHashSet())
            .Where(shard => !rebalanceInProgress.Contains(shard));
        return usually.Union(steered);
    }

    // The region on this node has an address without a host.
    private string NameOf(IActorRef place) => NodeName.Of(place.Path.Address.HasLocalScope ? self : place.Path.Address);
}
