using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Http;
using Morag.Failover.Node.Http.OpenApi;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary>Serves the commands of the command line.</summary>
public static class PaletteEndpoints
{
    /// <summary>Every palette of a node with these settings.</summary>
    public static IReadOnlyList<Palette> All(QueueSettings queues) =>
    [
        WorkerPalette.Worker,
        WorkerPalette.Breaker,
        TaskPalette.Queue,
        TaskPalette.Task(queues),
        FailurePalette.Failure,
        JournalPalette.Journal,
        new Palette
        {
            Name = "actor",
            Summary = "The actors of this node",
            Commands = [Get("hierarchy", "/actors", "The tree of actors") with { View = PaletteView.Tree }],
        },
    ];

    /// <summary>Maps <c>GET /api/v1/palettes</c>, from which <c>morag</c> builds its commands.</summary>
    public static IEndpointConventionBuilder MapPalettes(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/palettes", (FailoverGateway gateway) => TypedResults.Json(All(gateway.Settings.Queues), ContractsJson.Options))
            .WithName("GetPalettes")
            .WithTags("Palettes")
            .Describes<Palette[]>("The commands that this node offers, from which morag builds its own");
}
