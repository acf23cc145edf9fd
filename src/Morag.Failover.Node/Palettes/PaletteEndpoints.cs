using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Http;
using Morag.Failover.Node.Http.OpenApi;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary>Serves the palettes, which define the commands of <c>morag</c>.</summary>
public static class PaletteEndpoints
{
    /// <summary>All palettes.</summary>
    public static IReadOnlyList<Palette> All(QueueSettings queues) =>
    [
        WorkerPalette.Worker,
        WorkerPalette.Breaker,
        TaskPalette.Queue,
        TaskPalette.Task(queues),
        BulkPalette.Bulk,
        FailurePalette.Failure,
        AlertPalette.Alert,
        PolicyPalette.Policy,
        AuditPalette.Audit,
        JournalPalette.Journal,
        ClusterPalette.Cluster,
        EventPalettes.Events,
        EventPalettes.Log,
        ShardingPalettes.Sharding,
        ShardingPalettes.Actor,
    ];

    /// <summary>Maps <c>GET /api/v1/palettes</c>, from which <c>morag</c> builds its commands.</summary>
    public static IEndpointConventionBuilder MapPalettes(this IEndpointRouteBuilder routes) =>
        routes.MapGet(
                "/api/v1/palettes",
                (FailoverGateway gateway) => TypedResults.Json(All(gateway.Settings.Queues), ContractsJson.Options))
            .WithName("GetPalettes")
            .WithTags("Palettes")
            .Describes<Palette[]>("Get the command definitions from which morag builds its commands");
}
