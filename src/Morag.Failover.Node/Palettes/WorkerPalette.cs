using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag worker</c> and <c>morag breaker</c>: the fleet, and what an operator does with one worker.</summary>
internal static class WorkerPalette
{
    private static readonly PaletteParameter Id = InPath("id", "The worker");
    private static readonly PaletteParameter Reason = InBody("reason", "Why; shown to whoever asks later") with
    {
        Required = true,
        MaxBytes = CallLimits.MaxReasonBytes,
    };

    public static Palette Worker { get; } = new()
    {
        Name = "worker",
        Summary = "The workers: who they are, how they do, and what to do with one",
        Commands =
        [
            Get("list", "/workers", "Every worker") with
            {
                Paged = true,
                Columns =
                [
                    Column("worker", "registration.worker_id"),
                    Column("capability", "registration.capability"),
                    Column("status", "status"),
                    Column("liveness", "liveness"),
                    Column("draining", "draining"),
                    Column("breaker", "breaker_state"),
                    Column("holds", "held_leases"),
                    Column("slots", "registration.max_concurrent_tasks"),
                    Column("last heartbeat", "last_heartbeat", ColumnFormat.Time),
                    Column("degraded", "degraded"),
                ],
            },
            Get("show", "/workers/{id}", "One worker in full") with
            {
                Arguments = [Id],
                View = PaletteView.Record,
                Columns =
                [
                    Column("worker", "registration.worker_id"),
                    Column("name", "registration.name"),
                    Column("capability", "registration.capability"),
                    Column("queues", "registration.queues"),
                    Column("content types", "registration.supported_content_types"),
                    Column("hardware", "registration.hardware"),
                    Column("location", "registration.location"),
                    Column("slots", "registration.max_concurrent_tasks"),
                    Column("instance", "registration.instance_id"),
                    Column("status", "status"),
                    Column("liveness", "liveness"),
                    Column("draining", "draining"),
                    Column("breaker", "breaker_state"),
                    Column("holds", "held_leases"),
                    Column("degraded", "degraded"),
                    Column("tags", "registration.tags"),
                    Column("metrics", "metrics"),
                    Column("last heartbeat", "last_heartbeat", ColumnFormat.Time),
                    Column("registered", "registered_at", ColumnFormat.Time),
                    Column("clock skew, s", "clock_skew_seconds", ColumnFormat.TwoDecimals),
                ],
            },
            Get("stats", "/workers/stats", "Counts of the whole fleet") with { View = PaletteView.Record },
            Get("reliability", "/workers/{id}/reliability", "The exact score of one worker") with
            {
                Arguments = [Id],
                View = PaletteView.Record,
                Columns = Score,
            },
            Post("drain", "/workers/{id}/drain", "Give it no new tasks; what it holds stays with it") with
            {
                Arguments = [Id],
                Options =
                [
                    Reason,
                    NumberInBody("deadline", "Seconds after which leases still held are given back without blame", 0, WorkerLimits.MaxDrainSeconds) with
                    {
                        Field = "deadline_seconds",
                    },
                ],
                View = PaletteView.Record,
            },
            Post("resume", "/workers/{id}/resume", "End a drain, or an offline") with { Arguments = [Id], View = PaletteView.Record },
            Post("offline", "/workers/{id}/offline", "Declare it offline: its leases end at once and are decided") with
            {
                Arguments = [Id],
                Options = [Reason],
                Confirm = "Its running tasks will be given to other workers. Go on?",
                Columns = FailurePalette.Decisions,
            },
            Delete("unregister", "/workers/{id}", "Forget it; its leases are given back without blame") with
            {
                Arguments = [Id],
                View = PaletteView.Record,
                Confirm = "Its running tasks will be given to other workers. Go on?",
            },
        ],
    };

    public static Palette Breaker { get; } = new()
    {
        Name = "breaker",
        Summary = "The circuit breakers of the workers",
        Commands =
        [
            Get("show", "/workers/{id}/reliability", "The breaker of one worker, and the score behind it") with
            {
                Arguments = [Id],
                View = PaletteView.Record,
                Columns = Score,
            },
            Set("open", "Give it no tasks until it is closed or reset"),
            Set("close", "Let tasks flow; the counts stay"),
            Set("reset", "Let tasks flow, and clear the consecutive failures"),
        ],
    };

    private static System.Collections.Immutable.ImmutableArray<PaletteColumn> Score =>
    [
        Column("worker", "worker_id"),
        Column("breaker", "breaker_state"),
        Column("open until", "circuit_breaker_until", ColumnFormat.Time),
        Column("because", "breaker_reason"),
        Column("success rate", "success_rate", ColumnFormat.Percent),
        Column("tasks", "total_tasks"),
        Column("failures", "failure_count"),
        Column("consecutive failures", "consecutive_failures"),
        Column("last failure", "last_failure", ColumnFormat.Time),
        Column("mean seconds", "average_response_time", ColumnFormat.TwoDecimals),
    ];

    private static PaletteCommand Set(string action, string summary) =>
        Post(action, "/workers/{id}/breaker", summary) with
        {
            Arguments = [Id],
            Options = [Reason],
            FixedFields = System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty.Add("action", action),
            View = PaletteView.Record,
            Columns = Score,
        };
}
