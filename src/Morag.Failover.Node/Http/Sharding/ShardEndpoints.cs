using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Owners;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Audit;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;
using Morag.Failover.Node.Inspection;

namespace Morag.Failover.Node.Http.Sharding;

/// <summary><c>/sharding</c>: on which nodes the owners of state run, and moving them.</summary>
internal static class ShardEndpoints
{
    private const string KeptUntil =
        ". The shard stays there until Akka.NET evens out the numbers of shards, as it does after a node has joined or left: one that "
        + "gives a node more than the others may move again";

    public static void MapSharding(this IEndpointRouteBuilder api)
    {
        var sharding = api.MapGroup("/sharding").WithTags("Sharding");
        sharding.MapGet("regions", Regions).Refuses(StatusCodes.Status503ServiceUnavailable)
            .Describes<ShardPlaces[]>("The regions with their shards and entities on all nodes");
        sharding.MapGet("stats", Stats).Refuses(StatusCodes.Status503ServiceUnavailable)
            .Describes<ShardPlaces[]>("The shards and entities of each region on each node");
        sharding.MapGet("entities", Entities).Refuses(StatusCodes.Status503ServiceUnavailable)
            .Describes<PlacedEntity[]>("The entities that run, each with its shard and node");
        sharding.MapPost("rebalance", Rebalance).Reads<RebalanceRequest>().Refuses(StatusCodes.Status503ServiceUnavailable)
            .Describes<ShardsMoved>(
            "Operator: move shards of a region, one or as many as it takes until each node has as many as the others");
    }

    private static async Task<IResult> Regions(HttpContext context, ActorSystem system)
    {
        var places = await AllPlaces(context, system, null);
        return Answer.Ok(places.GroupBy(place => place.Region).Select(region => new ShardPlaces
        {
            Region = region.Key,
            Nodes = region.Count(place => place.Shards.Count > 0),
            Shards = region.Sum(place => place.Shards.Count),
            Entities = region.Sum(place => place.Shards.Values.Sum()),
            Problem = region.Select(place => place.Problem).FirstOrDefault(problem => problem is not null),
        }).ToArray());
    }

    private static async Task<IResult> Stats(HttpContext context, ActorSystem system, string? region)
    {
        var places = await AllPlaces(context, system, Known(system, region));
        return Answer.Ok(places.Select(place => new ShardPlaces
        {
            Region = place.Region,
            Node = place.Node,
            Shards = place.Shards.Count,
            Entities = place.Shards.Values.Sum(),
            Problem = place.Problem,
        }).ToArray());
    }

    private static async Task<IResult> Entities(
        HttpContext context,
        ActorSystem system,
        NodeInspectors nodes,
        string? region,
        string? shard,
        string? node,
        string? after,
        string? limit)
    {
        var most = Rules.Limit(limit);
        var request = new ListShardEntities
        {
            Region = Known(system, region),
            Shard = string.IsNullOrEmpty(shard) ? null : shard,
            After = Position(after),
            Limit = most,
        };
        var answers = await nodes.AskEachAsync<ShardEntities>(nodes.FindOrAll(node), request, context.RequestAborted);
        Answer.AddMissingParts(context, answers.SelectMany(Silent));
        var found = answers
            .SelectMany(answer => (answer.Answer?.Entities ?? []).Select(entity => (entity, Node: NodeInspectors.NameOf(answer.Member))))
            .OrderBy(placed => placed.entity, Comparer<ShardEntity>.Create(ShardEntityReader.Compare))
            .ToList();
        var hasMore = found.Count > most || answers.Any(answer => answer.Answer is { HasMore: true });
        var page = found.Take(most).ToList();
        return Answer.Page(
            context,
            page.ConvertAll(placed => new PlacedEntity
            {
                Region = placed.entity.Region,
                Shard = placed.entity.Shard,
                Node = placed.Node,
                Entity = placed.entity.Entity,
            }),
            hasMore && page.Count > 0 ? TextOf(page[^1].entity) : null);
    }

    private static async Task<IResult> Rebalance(
        HttpContext context, ActorSystem system, NodeInspectors nodes, OperatorAudit audit)
    {
        var request = await JsonBody.Read<RebalanceRequest>(context);
        var reason = request.DryRun ? null : Rules.Reason(request.Reason);
        var region = Rules.Required(Known(system, request.Region), "region");
        var to = string.IsNullOrEmpty(request.To) ? null : NodeInspectors.NameOf(nodes.Find(request.To, "to"));
        var places = await PlacesOf(context, system, region);
        var moves = ShardPlan.Of(places, string.IsNullOrEmpty(request.Shard) ? null : request.Shard, to);
        if (moves.Length > 0 && !request.DryRun)
        {
            var shards = Counted.Of(moves.Length, "shard");
            var (from, target) = ($"{shards} from {moves[0].From}", $"to {moves[0].To}");
            await audit.RecordAsync(context, AuditAction.ShardsMove, region, reason!, from, target);
            var placer = NodeAnnouncements.OldestOwner(
                Akka.Cluster.Cluster.Get(system).State, OwnerRole.Of(system));
            var asked = placer is null ? null
                : await nodes.AskAsync<Done>(placer, new MoveShards { Region = region, Moves = moves }, context.RequestAborted);
            _ = asked ?? throw new ProblemException(Problem.Unavailable("the oldest node, which places the shards, does not answer"));
        }

        return Answer.Ok(new ShardsMoved
        {
            Region = region,
            Moves = [.. moves.Select(move => $"shard {move.Shard}: {move.From} to {move.To}")],
            Next = moves.Length == 0
                ? "Nothing: every node has as many shards as the others, or one more"
                : "Each shard stops on its node and starts on the other one, with the next check of the placement "
                + "(akka.cluster.sharding.rebalance-interval). Calls to its owners wait meanwhile, usually for less than a second"
                + (request.Shard is null or "" ? "" : KeptUntil),
            DryRun = request.DryRun,
        });
    }

    private static IEnumerable<string> Silent((Member Member, ShardEntities? Answer) answer) => answer.Answer is null
        ? [$"node {NodeInspectors.NameOf(answer.Member)}"]
        : answer.Answer.Silent.Select(part => $"{part} on {NodeInspectors.NameOf(answer.Member)}");

    /// <summary>The name of a region, or null for none.</summary>
    private static string? Known(ActorSystem system, string? region)
    {
        var regions = ShardEntityReader.RegionsOf(system);
        return string.IsNullOrEmpty(region) ? null
            : regions.Contains(region) ? region
            : throw ProblemException.Invalid("region", $"must be one of {string.Join(", ", regions)}");
    }

    private static async Task<List<RegionOnNode>> AllPlaces(HttpContext context, ActorSystem system, string? region)
    {
        var regions = ShardEntityReader.RegionsOf(system).Where(name => region is null || name == region);
        var places = await Task.WhenAll(regions.Select(name => PlacesOf(context, system, name)));
        return [.. places.SelectMany(place => place)];
    }

    private static async Task<IReadOnlyList<RegionOnNode>> PlacesOf(HttpContext context, ActorSystem system, string region)
    {
        try
        {
            var actor = ClusterSharding.Get(system).ShardRegion(region);
            var stats = await actor.Ask<ClusterShardingStats>(
                new GetClusterShardingStats(NodeInspectors.AnswerTimeout), 2 * NodeInspectors.AnswerTimeout, context.RequestAborted);
            return
            [
                .. stats.Regions.Select(place => new RegionOnNode(
                    region,
                    NodeName.Of(place.Key.HasLocalScope ? Akka.Cluster.Cluster.Get(system).SelfAddress : place.Key),
                    place.Value.Stats,
                    place.Value.Failed.Count == 0 ? null : $"{Counted.Of(place.Value.Failed.Count, "shard")} did not answer"))
                    .OrderBy(place => place.Node, StringComparer.Ordinal),
            ];
        }
        catch (AskTimeoutException)
        {
            throw new ProblemException(Problem.Unavailable($"the node that places the shards of {region} does not answer"));
        }
    }

    // The parts are ids, which have no slash.
    private static string TextOf(ShardEntity entity) => $"{entity.Region}/{entity.Shard}/{entity.Entity}";

    private static ShardEntity? Position(string? text) => string.IsNullOrEmpty(text) ? null
        : text.Split('/') is [var region, var shard, var entity]
            ? new ShardEntity { Region = region, Shard = shard, Entity = entity }
            : throw ProblemException.Invalid("after", "must be the value of a link to a next page");
}

/// <summary>The shards of a region on a node, with the number of entities of each.</summary>
internal sealed record RegionOnNode(string Region, string Node, IImmutableDictionary<string, int> Shards, string? Problem);

/// <summary>An operator moves shards.</summary>
internal sealed record RebalanceRequest
{
    /// <summary>The region, such as <c>worker</c>. Required.</summary>
    [Required]
    public string? Region { get; init; }

    /// <summary>The shard to move; null to even out the numbers of shards.</summary>
    public string? Shard { get; init; }

    /// <summary>The node to which the shard moves; null for the one with the fewest shards.</summary>
    public string? To { get; init; }

    /// <summary>Whether to only say what would move.</summary>
    public bool DryRun { get; init; }

    /// <summary>The reason. Required, except with <see cref="DryRun"/>.</summary>
    public string? Reason { get; init; }
}
