using Morag.Failover.Contracts.Palettes;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag cluster</c>: the nodes.</summary>
internal static class ClusterPalette
{
    public static Palette Cluster { get; } = new()
    {
        Name = "cluster",
        Summary = "Inspect the nodes of the cluster",
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
        ],
    };
}
