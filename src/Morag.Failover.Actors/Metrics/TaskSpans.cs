using System.Diagnostics;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Metrics;

/// <summary>
/// The spans of tasks that were submitted with a trace context: one for each attempt, from the lease to its end, and one for each decision,
/// from the failure until the decision was carried out. Both are children of the span that submitted the task. They are made from stored
/// events, so a task's trace is complete even if its attempts were on different nodes and the queue moved in between.
/// </summary>
public static class TaskSpans
{
    /// <summary>The name of the activity source.</summary>
    public const string SourceName = FailoverMeter.Name;

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Makes the spans that end with a durable event.</summary>
    /// <param name="event">The event.</param>
    /// <param name="before">The state before it.</param>
    internal static void Record(IStoredEvent @event, QueueState before)
    {
        if (!Source.HasListeners())
        {
            return;
        }

        switch (@event)
        {
            case TasksCompleted completed:
                foreach (var completion in completed.Completions)
                {
                    EndAttempt(before.Tasks[completion.TaskId], completed.At, "succeeded");
                }

                break;
            case LeasesReleased released:
                EndAttempts(before, released.Leases, released.At);
                break;
            case LeasesEnded ended:
                FailAttempts(before, ended.Leases, ended.At);
                break;
            case InstanceFenced fenced:
                FailAttempts(before, fenced.Ended, fenced.At);
                EndAttempts(before, fenced.Freed, fenced.At);
                break;
            case TasksCancelled cancelled:
                foreach (var task in cancelled.Tasks.Select(task => before.Tasks[task]).Where(task => task.State == TaskState.Leased))
                {
                    EndAttempt(task, cancelled.At, "cancelled");
                }

                break;
            case TaskReassigned reassigned:
                EndDecision(before.Tasks[reassigned.TaskId], reassigned);
                break;
            default:
                break;
        }
    }

    private static void FailAttempts(QueueState before, ImmutableArray<EndedLease> leases, DateTimeOffset at)
    {
        foreach (var lease in leases)
        {
            EndAttempt(before.Tasks[lease.TaskId], at, "failed", lease.Failure);
        }
    }

    private static void EndAttempts(QueueState before, ImmutableArray<LeaseRef> leases, DateTimeOffset at)
    {
        foreach (var lease in leases)
        {
            if (before.Tasks[lease.TaskId] is { State: TaskState.Leased } task)
            {
                EndAttempt(task, at, "released");
            }
        }
    }

    private static void EndAttempt(TaskRecord task, DateTimeOffset at, string outcome, PendingFailure? failure = null)
    {
        if (task.Lease is not { } lease || Start("attempt", task, lease.GrantedAt) is not { } span)
        {
            return;
        }

        using (span)
        {
            span.SetTag("morag.task.attempt", task.Attempt)
                .SetTag("morag.task.epoch", lease.Epoch.Value)
                .SetTag("morag.task.outcome", outcome)
                .SetTag("morag.worker.id", lease.WorkerId.Value);
            if (failure is not null)
            {
                span.SetTag("error.type", WireName.Of(failure.FailureType)).SetStatus(ActivityStatusCode.Error, failure.ErrorMessage);
            }

            span.SetEndTime(at.UtcDateTime);
        }
    }

    private static void EndDecision(TaskRecord task, TaskReassigned reassigned)
    {
        if (task.Pending is not { } failure || Start("decide", task, failure.OccurredAt) is not { } span)
        {
            return;
        }

        using (span)
        {
            span.SetTag(MetricLabels.FailureType, WireName.Of(failure.FailureType))
                .SetTag("morag.failure.id", reassigned.FailureId.Value)
                .SetTag(MetricLabels.Strategy, WireName.Of(reassigned.Strategy))
                .SetTag("morag.decision.reason", reassigned.Reason)
                .SetTag("morag.decision.queue", reassigned.Queue.Value)
                .SetTag("morag.worker.id", failure.WorkerId?.Value);
            span.SetEndTime(reassigned.At.UtcDateTime);
        }
    }

    /// <summary>Starts a span below the submission of a task; null if it has no trace, or nobody records it.</summary>
    private static Activity? Start(string operation, TaskRecord task, DateTimeOffset at) =>
        ActivityContext.TryParse(task.Submission.TraceParent, traceState: null, isRemote: true, out var submission)
            ? Source.StartActivity(
                $"{operation} {task.Queue}",
                ActivityKind.Internal,
                submission,
                links: [new ActivityLink(submission)],
                startTime: at)
                ?.SetTag("messaging.system", "morag")
                .SetTag("messaging.operation.name", operation)
                .SetTag("messaging.destination.name", task.Queue.Value)
                .SetTag("messaging.message.id", task.TaskId.Value)
            : null;
}
