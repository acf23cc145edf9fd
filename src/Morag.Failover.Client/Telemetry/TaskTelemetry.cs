using System.Diagnostics;
using System.Diagnostics.Metrics;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Client.Telemetry;

/// <summary>The spans and metrics of the tasks of a worker.</summary>
internal static class TaskTelemetry
{
    private static readonly Histogram<double> Duration = MoragTelemetry.Meter.CreateHistogram<double>(
        "morag.worker.task.duration", "s", "Time from the lease of a task to the end of its handler");

    private static readonly UpDownCounter<long> Running = MoragTelemetry.Meter.CreateUpDownCounter<long>(
        "morag.worker.tasks", "{task}", "Tasks that handlers are working on");

    /// <summary>Starts the span of an attempt. It continues the trace of the submission, and links to it.</summary>
    public static Activity? Start(LeasedTask lease)
    {
        Running.Add(1, QueueOf(lease));
        var isKnown = ActivityContext.TryParse(lease.TraceParent, traceState: null, isRemote: true, out var submission);
        return MoragTelemetry.Source.StartActivity(
            $"process {lease.Queue}", ActivityKind.Consumer, submission, links: isKnown ? [new ActivityLink(submission)] : null)
            ?.SetTag("messaging.system", "morag")
            .SetTag("messaging.operation.name", "process")
            .SetTag("messaging.operation.type", "process")
            .SetTag("messaging.destination.name", lease.Queue.Value)
            .SetTag("messaging.message.id", lease.TaskId.Value)
            .SetTag("morag.task.attempt", lease.Attempt)
            .SetTag("morag.task.epoch", lease.Epoch.Value);
    }

    public static void Ended(Activity? span, LeasedTask lease, RunOutcome outcome, TimeSpan duration)
    {
        Running.Add(-1, QueueOf(lease));
        Duration.Record(duration.TotalSeconds, new TagList { QueueOf(lease), { "morag.task.outcome", outcome.Name } });
        _ = span?.SetTag("morag.task.outcome", outcome.Name);
        _ = outcome is RunOutcome.Failed failed
            ? span?.SetStatus(ActivityStatusCode.Error, failed.Message).SetTag("error.type", outcome.Name)
            : span?.SetStatus(outcome is RunOutcome.Completed ? ActivityStatusCode.Ok : ActivityStatusCode.Unset);
    }

    private static KeyValuePair<string, object?> QueueOf(LeasedTask lease) => new("messaging.destination.name", lease.Queue.Value);
}
