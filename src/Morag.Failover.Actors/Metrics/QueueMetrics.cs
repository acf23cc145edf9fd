using System.Diagnostics.Metrics;
using Morag.Failover.Actors.Queues;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Metrics;

/// <summary>Records what happens to the tasks of a queue partition, from its stored events.</summary>
internal sealed class QueueMetrics(QueueSettings settings)
{
    private static readonly Counter<long> Submitted = FailoverMeter.Counter(FailoverMetrics.TasksSubmitted);
    private static readonly Counter<long> Finished = FailoverMeter.Counter(FailoverMetrics.TasksFinished);
    private static readonly Histogram<double> LeaseWait = FailoverMeter.Histogram(FailoverMetrics.LeaseWait);
    private static readonly Histogram<double> TaskDuration = FailoverMeter.Histogram(FailoverMetrics.TaskDuration);
    private static readonly Histogram<double> RecoveryDuration = FailoverMeter.Histogram(FailoverMetrics.RecoveryDuration);

    private static readonly KeyValuePair<string, object?> Succeeded = StateLabel(TaskState.Succeeded);
    private static readonly KeyValuePair<string, object?> Cancelled = StateLabel(TaskState.Cancelled);

    private readonly QueueLabels labels = new(settings);

    /// <summary>Records an event that is durable.</summary>
    /// <param name="event">The event.</param>
    /// <param name="before">The state before it.</param>
    public void Record(IStoredEvent @event, QueueState before)
    {
        switch (@event)
        {
            case TasksAccepted accepted when Submitted.Enabled:
                foreach (var task in accepted.Tasks)
                {
                    Submitted.Add(1, labels.Of(task.Queue));
                }

                break;
            case TasksLeased leased when LeaseWait.Enabled:
                foreach (var lease in leased.Leases)
                {
                    RecordLease(before.Tasks[lease.TaskId], leased.At);
                }

                break;
            case TasksCompleted completed when TaskDuration.Enabled:
                foreach (var completion in completed.Completions)
                {
                    RecordCompletion(before.Tasks[completion.TaskId], completed.At);
                }

                break;
            case TasksCancelled cancelled when Finished.Enabled:
                foreach (var task in cancelled.Tasks)
                {
                    Finished.Add(1, labels.Of(before.Tasks[task].Queue), Cancelled);
                }

                break;
            default:
                break;
        }
    }

    /// <summary>The label of a state.</summary>
    public static KeyValuePair<string, object?> StateLabel(TaskState state) => new(MetricLabels.TaskState, WireName.Of(state));

    private void RecordLease(TaskRecord task, DateTimeOffset at)
    {
        var queue = labels.Of(task.Queue);
        LeaseWait.Record(Seconds(at - task.QueuedSince), queue);

        if (TaskRecoveries.FailureBefore(task) is { } last)
        {
            RecoveryDuration.Record(Seconds(at - last.At), queue, FailureLabel(last.FailureType));
        }
    }

    private void RecordCompletion(TaskRecord task, DateTimeOffset at)
    {
        var queue = labels.Of(task.Queue);
        Finished.Add(1, queue, Succeeded);
        TaskDuration.Record(Seconds(at - (task.Lease?.GrantedAt ?? at)), queue);
    }

    private static KeyValuePair<string, object?> FailureLabel(FailureType type) => new(MetricLabels.FailureType, WireName.Of(type));

    /// <summary>The clock may be set back between two times.</summary>
    private static double Seconds(TimeSpan time) => Math.Max(0, time.TotalSeconds);
}
