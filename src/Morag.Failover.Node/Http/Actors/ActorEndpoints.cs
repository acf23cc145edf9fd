using Akka.Actor;
using Akka.Cluster.Sharding;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Owners;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;
using Morag.Failover.Node.Inspection;

namespace Morag.Failover.Node.Http.Actors;

/// <summary>
/// <c>GET /actors</c>: which entities run on this node, by region and shard. <c>GET /actors/tree</c>: all actors of every node.
/// </summary>
internal static class ActorEndpoints
{
    private const int MaxEntitiesShown = 100;
    private const int MaxPathBytes = 1000;

    public static void MapActors(this IEndpointRouteBuilder api)
    {
        var actors = api.MapGroup("/actors").WithTags("Actors");
        actors.MapGet("", Hierarchy).Describes<ActorNode>("The entities that run on this node, by region and shard");
        actors.MapGet("tree", Tree).Refuses(StatusCodes.Status503ServiceUnavailable).Describes<ActorNode[]>(
            "The actors of each node as they run, with the messages that wait for them; of many children, those with the most are shown");
    }

    private static async Task<IResult> Tree(HttpContext context, NodeInspectors nodes, string? node, string? under)
    {
        var request = new GetActorTree { Under = Rules.Text(under ?? "", MaxPathBytes, "under") };
        var answers = await nodes.AskEachAsync<ActorTree>(nodes.FindOrAll(node), request, context.RequestAborted);
        return Answer.Ok(answers.Select(answer => new ActorNode
        {
            Name = NodeInspectors.NameOf(answer.Member),
            Problem = answer.Answer is null ? "did not answer"
                : answer.Answer.Root is null ? $"has no actor at {under}"
                : null,
            Children = answer.Answer?.Root is { } root ? [root] : [],
        }).ToArray());
    }

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
            state = await region.Ask<CurrentShardRegionState>(
                GetShardRegionState.Instance, CallPatience.ForOne(gateway.Http.AnswerTimeout), cancellation);
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
