using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Actors;

/// <summary>A node in the tree of actors.</summary>
internal sealed record ActorNode
{
    /// <summary>The name of the region, shard or entity.</summary>
    public required string Name { get; init; }

    /// <summary>The number of entities below it; null for an entity.</summary>
    public int? Entities { get; init; }

    /// <summary>Why its entities are incomplete; null if they are complete.</summary>
    public string? Problem { get; init; }

    /// <summary>The nodes below it; for a shard, at most the first 100 entities.</summary>
    public ImmutableArray<ActorNode> Children { get; init; } = [];
}

/// <summary><c>GET /actors</c>: which entities run on this node, by region and shard.</summary>
internal static class ActorEndpoints
{
    private const int MaxEntitiesShown = 100;

    public static void MapActors(this IEndpointRouteBuilder api) => api.MapGet("/actors", Hierarchy)
        .WithTags("Actors")
        .Describes<ActorNode>("The entities that run on this node, by region and shard");

    private static async Task<IResult> Hierarchy(HttpContext context, FailoverGateway gateway, ActorSystem system) =>
        Answer.Ok(await ReadTree(context, gateway, system));

    /// <summary>The entities that run on this node, by region and shard.</summary>
    internal static async Task<ActorNode> ReadTree(HttpContext context, FailoverGateway gateway, ActorSystem system)
    {
        var regions = gateway.Regions;
        var children = await Task.WhenAll(
            Region("queues", regions.Queues, gateway, context.RequestAborted),
            Region("coordinators", regions.Coordinators, gateway, context.RequestAborted),
            Region("workers", regions.Workers, gateway, context.RequestAborted),
            Region("directory", regions.Directory, gateway, context.RequestAborted));
        return new ActorNode
        {
            Name = ((ExtendedActorSystem)system).Provider.DefaultAddress.ToString(),
            Entities = children.Sum(child => child.Entities ?? 0),
            Children = [.. children],
        };
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
            return new ActorNode { Name = name, Problem = "did not answer" };
        }

        return new ActorNode
        {
            Name = name,
            Entities = state.Shards.Sum(shard => shard.EntityIds.Count),
            Problem = state.Failed.Count == 0 ? null : $"{Counted.Of(state.Failed.Count, "shard")} did not answer",
            Children = [.. state.Shards.OrderBy(shard => shard.ShardId, StringComparer.Ordinal).Select(Shard)],
        };
    }

    private static ActorNode Shard(ShardState shard) => new()
    {
        Name = "shard " + shard.ShardId,
        Entities = shard.EntityIds.Count,
        Children =
        [
            .. shard.EntityIds
                .Order(StringComparer.Ordinal)
                .Take(MaxEntitiesShown)
                .Select(entity => new ActorNode { Name = entity }),
        ],
    };
}
