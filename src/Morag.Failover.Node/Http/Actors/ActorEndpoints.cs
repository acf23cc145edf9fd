using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Actors;

/// <summary>One node of the tree of actors.</summary>
internal sealed record ActorNode
{
    /// <summary>The region, the shard or the entity.</summary>
    public required string Name { get; init; }

    /// <summary>How many entities it has in all; null for an entity.</summary>
    public int? Entities { get; init; }

    /// <summary>What is wrong with it; null where nothing is.</summary>
    public string? Trouble { get; init; }

    /// <summary>What is below it; of a shard, at most the first 100 entities.</summary>
    public ImmutableArray<ActorNode> Children { get; init; } = [];
}

/// <summary><c>GET /actors</c>: which entities run on this node, by region and shard.</summary>
internal static class ActorEndpoints
{
    private const int MaxEntitiesShown = 100;

    public static void MapActors(this IEndpointRouteBuilder api) => api.MapGet("/actors", Hierarchy)
        .WithTags("Actors")
        .Describes<ActorNode>("The entities that run on this node, by region and shard");

    private static async Task<IResult> Hierarchy(HttpContext context, FailoverGateway gateway, ActorSystem system)
    {
        var regions = gateway.Regions;
        var children = await Task.WhenAll(
            Region("queues", regions.Queues, gateway, context.RequestAborted),
            Region("coordinators", regions.Coordinators, gateway, context.RequestAborted),
            Region("workers", regions.Workers, gateway, context.RequestAborted),
            Region("directory", regions.Directory, gateway, context.RequestAborted));
        return Answer.Ok(new ActorNode
        {
            Name = ((ExtendedActorSystem)system).Provider.DefaultAddress.ToString(),
            Entities = children.Sum(child => child.Entities ?? 0),
            Children = [.. children],
        });
    }

    private static async Task<ActorNode> Region(string name, IActorRef region, FailoverGateway gateway, CancellationToken cancellation)
    {
        CurrentShardRegionState state;
        try
        {
            state = await region.Ask<CurrentShardRegionState>(GetShardRegionState.Instance, gateway.Http.AnswerTimeout, cancellation);
        }
        catch (AskTimeoutException)
        {
            return new ActorNode { Name = name, Trouble = "did not answer" };
        }

        return new ActorNode
        {
            Name = name,
            Entities = state.Shards.Sum(shard => shard.EntityIds.Count),
            Trouble = state.Failed.Count == 0 ? null : $"{state.Failed.Count} shards did not answer",
            Children = [.. state.Shards.OrderBy(shard => shard.ShardId, StringComparer.Ordinal).Select(Shard)],
        };
    }

    private static ActorNode Shard(ShardState shard) => new()
    {
        Name = "shard " + shard.ShardId,
        Entities = shard.EntityIds.Count,
        Children = [.. shard.EntityIds.Order(StringComparer.Ordinal).Take(MaxEntitiesShown).Select(entity => new ActorNode { Name = entity })],
    };
}
