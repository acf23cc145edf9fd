using Morag.Failover.Contracts.Palettes;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag sharding</c> and <c>morag actor</c>: what runs on which node.</summary>
internal static class ShardingPalettes
{
    private static readonly PaletteParameter Node =
        InQuery("at", "Only this node: host:port as in \"cluster nodes\", or \"self\"") with { Field = "node", IsNode = true };

    private static readonly PaletteParameter Region = InQuery("region", "Only this region, such as worker");

    public static Palette Sharding { get; } = new()
    {
        Name = "sharding",
        Summary = "Show on which nodes the owners of state run, and move them",
        Commands =
        [
            Get("regions", "/sharding/regions", "List the regions with their shards and entities") with
            {
                Columns =
                [
                    Column("region", "region"),
                    Column("nodes", "nodes"),
                    Column("shards", "shards"),
                    Column("entities", "entities"),
                    Column("problem", "problem"),
                ],
            },
            Get("stats", "/sharding/stats", "List the shards and entities of each region on each node") with
            {
                Options = [Region],
                Columns =
                [
                    Column("region", "region"),
                    Column("node", "node"),
                    Column("shards", "shards"),
                    Column("entities", "entities"),
                    Column("problem", "problem"),
                ],
            },
            Get("entities", "/sharding/entities", "List the entities that run, each with its shard and node") with
            {
                Options = [Region, InQuery("shard", "Only this shard"), Node],
                Paged = true,
                Columns =
                [
                    Column("region", "region"),
                    Column("shard", "shard"),
                    Column("node", "node"),
                    Column("entity", "entity"),
                ],
            },
            Post("rebalance", "/sharding/rebalance", "Move shards of a region until each node has as many as the others, or move one") with
            {
                Arguments = [InBody("region", "The region, such as worker") with { Required = true }],
                Options =
                [
                    InBody("shard", "Move only this shard"),
                    InBody("to", "The node to which it moves (default: the one with the fewest shards)") with { IsNode = true },
                    Reason with { OptionalInDryRun = true },
                    InBody("dry-run", "Only list the moves", ParameterType.Flag) with { IsDryRun = true },
                ],
                View = PaletteView.Record,
                Columns =
                [
                    Column("region", "region"),
                    Column("moves", "moves", ColumnFormat.Lines),
                    Column("dry run", "dry_run"),
                    Column("next", "next"),
                ],
                Confirm = "The owners in each shard stop and start again on another node. --dry-run lists the moves. Continue?",
                Repeatable = true,
            },
        ],
    };

    public static Palette Actor { get; } = new()
    {
        Name = "actor",
        Summary = "Inspect the actors of the nodes",
        Commands =
        [
            Get("hierarchy", "/actors", "Show the entities of the asked node, by region and shard") with { View = PaletteView.Tree },
            Get("tree", "/actors/tree", "Show the actors of each node as they run, with the messages that wait for them") with
            {
                Options = [Node, InQuery("under", "Only the actor at this path and those below it, such as /user")],
                View = PaletteView.Tree,
            },
        ],
    };
}
