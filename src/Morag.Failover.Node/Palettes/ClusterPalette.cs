using System.Collections.Immutable;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Wire;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag cluster</c>: the nodes.</summary>
internal static class ClusterPalette
{
    private static readonly PaletteParameter Node =
        InBody("node", "The node: host:port as in \"cluster nodes\", the address of its HTTP API, or \"self\"") with
        {
            Required = true,
            IsNode = true,
        };

    private static readonly ImmutableArray<PaletteColumn> Affected =
    [
        Column("nodes", "nodes"),
        Column("dry run", "dry_run"),
        Column("next", "next"),
    ];

    public static Palette Cluster { get; } = new()
    {
        Name = "cluster",
        Summary = "Inspect the nodes of the cluster, remove nodes, and see what fails on them",
        Commands =
        [
            Get("nodes", "/cluster/nodes", "List the nodes as the asked node sees them") with { Columns = Nodes },
            Get("show", "/cluster/nodes", "The same list: status, reachability, leader and oldest node") with { Columns = Nodes },
            Get("status", "/cluster/status", "Show the state of the cluster in numbers") with
            {
                View = PaletteView.Record,
                Columns =
                [
                    Column("asked node", "node"),
                    Column("nodes", "nodes"),
                    Column("up", "up"),
                    Column("unreachable", "unreachable"),
                    Column("moving", "moving"),
                    Column("leader", "leader"),
                    Column("oldest", "oldest"),
                    Column("converged", "converged"),
                    Column("owners down", "owners_down"),
                ],
            },
            Get("alerts", "/cluster/alerts", "List the owners of state that fail on any node; none if all work") with
            {
                Columns =
                [
                    Column("owner", "owner"),
                    Column("node", "node"),
                    Column("since", "since", ColumnFormat.Time),
                    Column("failures", "failures"),
                    Column("reason", "reason"),
                ],
            },
            Get("tail", "/cluster/events", "Follow the changes of the cluster; the first lines are its members") with
            {
                Options = [Once],
                Follow = true,
                Columns = [Column("", "at", ColumnFormat.Time), Column("", "node"), Column("", "what")],
            },
            Post("leave", "/cluster/leave", "Let a node leave: it hands its owners over and stops") with
            {
                Arguments = [Node],
                Options = [InBody("force", "Let it leave even if no other node is up", ParameterType.Flag), .. WithDryRun],
                View = PaletteView.Record,
                Columns = Affected,
                Confirm = "The node hands its owners over and stops. Start it again to take part again. Continue?",
                Repeatable = true,
            },
            Post("down", "/cluster/down", "Remove a node that is dead: its owners start on other nodes at once") with
            {
                Arguments = [Node],
                Options = [InBody("force", "Remove the node even if it is reachable", ParameterType.Flag), .. WithDryRun],
                View = PaletteView.Record,
                Columns = Affected,
                Confirm = "The owners of the node start on other nodes at once. If its process still runs, it stops. Continue?",
                Repeatable = true,
            },
            Post("down-unreachable", "/cluster/down-unreachable", "Remove all nodes that the asked node sees as unreachable") with
            {
                Options = [.. WithDryRun],
                View = PaletteView.Record,
                Columns = Affected,
                Confirm = "The owners of every unreachable node start on other nodes at once. --dry-run lists the nodes. Continue?",
            },
        ],
    };

    private static ImmutableArray<PaletteColumn> Nodes =>
    [
        Column("node", "node"),
        Column("HTTP address", "address"),
        Column("status", "status"),
        Column("reachable", "reachable"),
        Column("asked", "self"),
        Column("leader", "leader"),
        Column("oldest", "oldest"),
        Column("roles", "roles"),
    ];

    private static ImmutableArray<PaletteParameter> WithDryRun =>
    [
        Reason with { OptionalInDryRun = true },
        InBody("dry-run", "Only say what would happen", ParameterType.Flag) with { IsDryRun = true },
    ];
}
