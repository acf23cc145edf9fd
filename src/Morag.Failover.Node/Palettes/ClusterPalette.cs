using Morag.Failover.Contracts.Palettes;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag cluster</c>: the nodes.</summary>
internal static class ClusterPalette
{
    public static Palette Cluster { get; } = new()
    {
        Name = "cluster",
        Summary = "Inspect the nodes of the cluster, and what fails on them",
        Commands =
        [
            Get("nodes", "/cluster/nodes", "List the nodes as the asked node sees them") with
            {
                Columns =
                [
                    Column("node", "node"),
                    Column("HTTP address", "address"),
                    Column("status", "status"),
                    Column("reachable", "reachable"),
                    Column("asked", "self"),
                    Column("roles", "roles"),
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
        ],
    };
}
