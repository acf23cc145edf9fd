using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag worker</c> and <c>morag breaker</c>: inspecting and operating workers.</summary>
internal static class WorkerPalette
{
    private static readonly PaletteParameter Id = InPath("id", "The worker");
    private static readonly PaletteParameter Reason = InBody("reason", "The reason, shown with the worker") with
    {
        Required = true,
        MaxBytes = CallLimits.MaxReasonBytes,
    };

    public static Palette Worker { get; } = new()
    {
        Name = "worker",
        Summary = "Inspect and operate workers",
        Commands =
        [
            Get("list", "/workers", "List all workers") with
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
            Get("show", "/workers/{id}", "Show one worker") with
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
                    Column("gateway", "gateway"),
                    Column("heartbeat interval, s", "heartbeats.mean_seconds", ColumnFormat.TwoDecimals),
                    Column("silent, s", "heartbeats.silent_seconds", ColumnFormat.TwoDecimals),
                    Column("phi", "heartbeats.phi", ColumnFormat.TwoDecimals),
                    Column("patience", "patience", ColumnFormat.TwoDecimals),
                    Column("patience because", "patience_reason"),
                ],
            },
            Get("stats", "/workers/stats", "Count the workers of the whole fleet") with { View = PaletteView.Record },
            Get("reliability", "/workers/{id}/reliability", "Show the reliability score of one worker") with
            {
                Arguments = [Id],
                View = PaletteView.Record,
                Columns = Score,
            },
            Post("drain", "/workers/{id}/drain", "Drain a worker: it gets no new tasks and keeps the ones it holds") with
            {
                Arguments = [Id],
                Options =
                [
                    Reason,
                    NumberInBody(
                        "deadline", "Seconds until the remaining leases are released without blame", 0, WorkerLimits.MaxDrainSeconds) with
                    {
                        Field = "deadline_seconds",
                    },
                ],
                View = PaletteView.Record,
            },
            Post("resume", "/workers/{id}/resume", "End a drain or an operator's offline") with
            {
                Arguments = [Id],
                View = PaletteView.Record,
            },
            Post("offline", "/workers/{id}/offline", "Declare a worker lost: its leases end at once, and each task gets a decision") with
            {
                Arguments = [Id],
                Options = [Reason],
                Confirm = "Its running tasks will move to other workers. Continue?",
                Columns = FailurePalette.Decisions,
            },
            Delete("unregister", "/workers/{id}", "Unregister a worker; its leases are released without blame") with
            {
                Arguments = [Id],
                View = PaletteView.Record,
                Confirm = "Its running tasks will move to other workers. Continue?",
            },
        ],
    };

    public static Palette Breaker { get; } = new()
    {
        Name = "breaker",
        Summary = "Inspect and set the circuit breakers of workers",
        Commands =
        [
            Get("show", "/workers/{id}/reliability", "Show the breaker of one worker and its score") with
            {
                Arguments = [Id],
                View = PaletteView.Record,
                Columns = Score,
            },
            Set("open", "Open the breaker: the worker gets no tasks until you close or reset it"),
            Set("close", "Close the breaker and keep the failure counts"),
            Set("reset", "Close the breaker and clear the consecutive failures"),
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
