using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Failover;

namespace Morag.Failover.Domain.Queues;

/// <summary>Leases that end in failure: each once, by whatever tells of it first.</summary>
public static class LeaseEndings
{
    private const int NamesKept = 20;

    /// <summary>
    /// Finds the lease that a report is about. One that is held ends; one that ended before is answered with its failure; anything else
    /// is stale.
    /// </summary>
    public static Decision<EndLeaseReply> Decide(QueueState state, EndLease command, PolicySettings policy, DateTimeOffset now)
    {
        var report = command.Report;
        var reply = new EndLeaseReply { TaskId = report.TaskId, Number = command.Number, Ending = EndLeaseResult.NotHeld };
        if (state.Tasks.GetValueOrDefault(report.TaskId) is not { } task)
        {
            return new(null, reply with { Detail = $"there is no task {report.TaskId} here" });
        }

        if (report.EventId is { } name && NamedBefore(task, name) is { } known)
        {
            return new(null, Attached(reply, task, known, policy));
        }

        var epoch = report.Epoch ?? LastEpochOf(task, report.WorkerId);
        if (epoch is { } ended && task.Lease is { } lease && lease.Epoch == ended && IsBy(lease, report))
        {
            if (task.State == TaskState.Leased)
            {
                var failure = FailureOf(report, lease, now);
                return new(
                    new LeasesEnded { At = now, Leases = [new EndedLease { TaskId = task.TaskId, Failure = failure }] },
                    reply with { Ending = EndLeaseResult.Ended, Failure = LeaseFailures.Of(task, failure, policy) });
            }

            if (task.State == TaskState.Deciding && task.Pending!.Epoch == ended)
            {
                return Named(report, Attached(reply, task, FailureIds.OfLease(task.TaskId, ended), policy));
            }
        }

        if (epoch is { } earlier && Earlier(task, FailureIds.OfLease(task.TaskId, earlier), report.WorkerId) is { } before)
        {
            return Named(report, Attached(reply, task, before, policy));
        }

        var late = new LateCall
        {
            Kind = LateCallKind.Failure,
            TaskId = report.TaskId,
            WorkerId = report.WorkerId,
            Epoch = report.Epoch,
            Detail = WireName.Of(report.FailureType),
        };
        return new(LateCalls.Note(state, [late], now), reply with { Ending = EndLeaseResult.Stale, Detail = TaskDescription.Of(task) });
    }

    /// <summary>Ends the leases that timed out, and those of lost workers whose protection is over.</summary>
    /// <param name="state">The state.</param>
    /// <param name="most">The most leases for one event.</param>
    /// <param name="now">The time.</param>
    public static LeasesEnded? DecideDue(QueueState state, int most, DateTimeOffset now)
    {
        var ended = ImmutableArray.CreateBuilder<EndedLease>();
        foreach (var due in state.LeaseEnds)
        {
            if (due.At > now || ended.Count == most)
            {
                break;
            }

            var lease = state.Tasks[due.TaskId].Lease!;
            ended.Add(new EndedLease
            {
                TaskId = due.TaskId,
                Failure = lease.Loss is { } loss && loss.EndsAt <= now ? FailureOf(lease, loss, now) : Timeout(lease, now),
            });
        }

        return ended.Count == 0 ? null : new LeasesEnded { At = now, Leases = ended.DrainToImmutable() };
    }

    /// <summary>The state with the tasks deciding.</summary>
    public static QueueState Apply(QueueState state, LeasesEnded @event)
    {
        var edit = new QueueEdit(state);
        foreach (var ended in @event.Leases)
        {
            End(edit, ended, @event.At);
        }

        return edit.Done();
    }

    /// <summary>The state with the failure's further name.</summary>
    public static QueueState Apply(QueueState state, FailureNamed @event)
    {
        var edit = new QueueEdit(state);
        var task = edit.Get(@event.TaskId);
        edit.Put(task with { FailureNames = WithName(task.FailureNames, @event.Name) });
        return edit.Done();
    }

    /// <summary>The state after an outage of ours: every held lease has its full time, and every protection too.</summary>
    public static QueueState Apply(QueueState state, LeaseClocksRestarted @event)
    {
        var edit = new QueueEdit(state);
        foreach (var due in state.LeaseEnds)
        {
            var task = edit.Get(due.TaskId);
            var lease = task.Lease!;
            edit.Put(task with
            {
                Lease = lease with
                {
                    Deadline = Later(lease.Deadline, @event.At + lease.Timeout),
                    Loss = lease.Loss is { } loss ? loss with { EndsAt = Later(loss.EndsAt, @event.At + loss.Protection) } : null,
                },
            });
        }

        return edit.Done();
    }

    /// <summary>Ends one lease in failure, and tells its holder.</summary>
    internal static void End(QueueEdit edit, EndedLease ended, DateTimeOffset at)
    {
        var task = edit.Get(ended.TaskId);
        var lease = task.Lease!;
        var failure = ended.Failure;
        edit.Put(task with
        {
            State = TaskState.Deciding,
            Pending = failure,
            Lease = lease with { Loss = null },
            FailureNames = failure.EventId is { } name
                ? WithName(task.FailureNames, new FailureName { EventId = name, FailureId = FailureIds.OfLease(task.TaskId, failure.Epoch) })
                : task.FailureNames,
            History = task.History.With(edit.HistoryKept, at, TaskHistory.LeaseEnded, lease.WorkerId, lease.Epoch, Words(failure)),
        });
        edit.Owe(lease.WorkerId, new LeaseOutcome
        {
            TaskId = task.TaskId,
            Epoch = lease.Epoch,
            Kind = LeaseOutcomeKind.Failed,
            Ran = at - lease.GrantedAt,
            Reason = Words(failure),
        });
    }

    /// <summary>The failure of a lost worker's lease.</summary>
    internal static PendingFailure FailureOf(TaskLease lease, PendingLoss loss, DateTimeOffset now) => new()
    {
        Epoch = lease.Epoch,
        WorkerId = lease.WorkerId,
        FailureType = FailureType.WorkerOffline,
        OccurredAt = now,
        ErrorMessage = loss.Reason,
        LossId = loss.LossId,
        Planned = loss.Planned,
    };

    private static PendingFailure Timeout(TaskLease lease, DateTimeOffset now) => new()
    {
        Epoch = lease.Epoch,
        WorkerId = lease.WorkerId,
        FailureType = FailureType.TaskTimeout,
        OccurredAt = now,
        ErrorMessage = $"the lease ran over its deadline {lease.Deadline:u}",
    };

    private static PendingFailure FailureOf(ReportFailure report, TaskLease lease, DateTimeOffset now) => new()
    {
        Epoch = lease.Epoch,
        WorkerId = lease.WorkerId,
        FailureType = report.FailureType,
        OccurredAt = now,
        ErrorMessage = report.ErrorMessage,
        Context = report.Context,
        EventId = report.EventId,
        LossId = report.LossId ?? lease.Loss?.LossId,
        Planned = lease.Loss?.Planned ?? false,
    };

    private static string Words(PendingFailure failure)
    {
        var type = WireName.Of(failure.FailureType);
        return failure.ErrorMessage.Length == 0 ? type : $"{type}: {failure.ErrorMessage}";
    }

    private static bool IsBy(TaskLease lease, ReportFailure report) =>
        (report.WorkerId is null || report.WorkerId == lease.WorkerId)
        && (report.Source != ReportSource.LeaseHolder
            || (report.WorkerId is not null && (report.InstanceId is null || lease.InstanceId is null || report.InstanceId == lease.InstanceId)));

    /// <summary>The last lease of the task by that worker, or by anyone where none is named.</summary>
    private static LeaseEpoch? LastEpochOf(TaskRecord task, WorkerId? worker)
    {
        if (task.Lease is { } lease && (worker is null || lease.WorkerId == worker))
        {
            return lease.Epoch;
        }

        for (var i = task.History.Length - 1; i >= 0; i--)
        {
            if (task.History[i] is { What: TaskHistory.Leased } leased && leased.WorkerId == worker)
            {
                return leased.Epoch;
            }
        }

        return null;
    }

    private static FailureId? NamedBefore(TaskRecord task, EventId name)
    {
        foreach (var known in task.FailureNames)
        {
            if (known.EventId == name)
            {
                return known.FailureId;
            }
        }

        return null;
    }

    private static FailureId? Earlier(TaskRecord task, FailureId id, WorkerId? worker)
    {
        foreach (var failure in task.Failures)
        {
            if (failure.FailureId == id)
            {
                return worker is null || failure.WorkerId == worker ? id : null;
            }
        }

        return null;
    }

    private static EndLeaseReply Attached(EndLeaseReply reply, TaskRecord task, FailureId failure, PolicySettings policy) =>
        task is { State: TaskState.Deciding, Pending: { } pending } && FailureIds.OfLease(task.TaskId, pending.Epoch) == failure
            ? reply with { Ending = EndLeaseResult.Ended, Failure = LeaseFailures.Of(task, pending, policy) }
            : reply with { Ending = EndLeaseResult.EndedBefore, FailureId = failure };

    /// <summary>The failure gets the report's name, if it has one, before that is answered.</summary>
    private static Decision<EndLeaseReply> Named(ReportFailure report, EndLeaseReply reply) => new(
        report.EventId is { } name
            ? new FailureNamed { TaskId = report.TaskId, Name = new FailureName { EventId = name, FailureId = reply.Failure?.FailureId ?? reply.FailureId!.Value } }
            : null,
        reply);

    private static ImmutableArray<FailureName> WithName(ImmutableArray<FailureName> names, FailureName name) =>
        (names.Length < NamesKept ? names : names.RemoveAt(0)).Add(name);

    private static DateTimeOffset Later(DateTimeOffset left, DateTimeOffset right) => left > right ? left : right;
}
