using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Ends leases in failure. Each lease ends once: by a report, its deadline, or the loss of its worker, whichever comes first.
/// </summary>
public static class LeaseEndings
{
    private const int NamesKept = 20;

    /// <summary>
    /// Ends the lease that a report is about. A lease that ended earlier is answered with its failure; any other report is stale.
    /// </summary>
    public static Decision<EndLeaseReply> Decide(QueueState state, EndLease command, PolicySettings policy, DateTimeOffset now)
    {
        var report = command.Report;
        var reply = new EndLeaseReply { TaskId = report.TaskId, Number = command.Number, Ending = EndLeaseResult.NotHeld };
        if (state.Tasks.GetValueOrDefault(report.TaskId) is not { } task)
        {
            return new(null, reply with { Detail = $"task {report.TaskId} does not exist" });
        }

        if (report.EventId is { } name && FindByEventId(task, name) is { } known)
        {
            return new(null, AttachTo(reply, task, known, policy));
        }

        var epoch = report.Epoch ?? LastEpochOf(task, report.WorkerId);
        if (epoch is { } ended && task.Lease is { } lease && lease.Epoch == ended && IsFromHolder(lease, report))
        {
            if (task.State == TaskState.Leased)
            {
                var failure = FailureOf(report, lease, now);
                return new(
                    new LeasesEnded { At = now, Leases = [new EndedLease { TaskId = task.TaskId, Failure = failure }] },
                    reply with { Ending = EndLeaseResult.Ended, Failure = LeaseFailure.Of(task, failure, policy) });
            }

            if (task.State == TaskState.Deciding && task.Pending!.Epoch == ended)
            {
                return WithEventId(report, AttachTo(reply, task, FailureIds.OfLease(task.TaskId, ended), policy));
            }
        }

        if (epoch is { } earlier && FindFailure(task, FailureIds.OfLease(task.TaskId, earlier), report.WorkerId) is { } before)
        {
            return WithEventId(report, AttachTo(reply, task, before, policy));
        }

        var late = new LateCall
        {
            Kind = LateCallKind.Failure,
            TaskId = report.TaskId,
            WorkerId = report.WorkerId,
            Epoch = report.Epoch,
            Detail = WireName.Of(report.FailureType),
        };
        return new(
            LateCallRules.Decide(state, [late], now),
            reply with { Ending = EndLeaseResult.Stale, Detail = TaskDescription.Of(task) });
    }

    /// <summary>Ends leases that timed out and leases of lost workers whose protection is over.</summary>
    /// <param name="state">The queues.</param>
    /// <param name="most">The most leases in one event.</param>
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
                Failure = lease.Loss is { } loss && loss.EndsAt <= now ? FailureOf(lease, loss, now) : TimeoutOf(lease, now),
            });
        }

        return ended.Count == 0 ? null : new LeasesEnded { At = now, Leases = ended.DrainToImmutable() };
    }

    /// <summary>Moves the tasks to the deciding state.</summary>
    public static QueueState Apply(QueueState state, LeasesEnded @event)
    {
        var edit = new QueueEdit(state);
        foreach (var ended in @event.Leases)
        {
            End(edit, ended, @event.At);
        }

        return edit.ToState();
    }

    /// <summary>Adds an event id to a known failure.</summary>
    public static QueueState Apply(QueueState state, FailureNamed @event)
    {
        var edit = new QueueEdit(state);
        var task = edit.Get(@event.TaskId);
        edit.Put(task with { FailureNames = AddName(task.FailureNames, @event.Name) });
        return edit.ToState();
    }

    /// <summary>Ends one lease in failure and reports the outcome to its holder.</summary>
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
                ? AddName(
                    task.FailureNames, new FailureName { EventId = name, FailureId = FailureIds.OfLease(task.TaskId, failure.Epoch) })
                : task.FailureNames,
            History = task.History.With(edit.HistoryKept, at, TaskHistory.LeaseEnded, lease.WorkerId, lease.Epoch, Describe(failure)),
        });
        edit.AddOutcome(lease.WorkerId, new LeaseOutcome
        {
            TaskId = task.TaskId,
            Epoch = lease.Epoch,
            Kind = LeaseOutcomeKind.Failed,
            Ran = at - lease.GrantedAt,
            Reason = Describe(failure),
        });
    }

    /// <summary>The failure that ends a lost worker's lease.</summary>
    internal static PendingFailure FailureOf(TaskLease lease, PendingLoss loss, DateTimeOffset now) => new()
    {
        Epoch = lease.Epoch,
        WorkerId = lease.WorkerId,
        FailureType = FailureType.WorkerOffline,
        OccurredAt = now,
        ErrorMessage = loss.Reason,
        LossId = loss.LossId,
        Blame = loss.Blame,
    };

    private static PendingFailure TimeoutOf(TaskLease lease, DateTimeOffset now) => new()
    {
        Epoch = lease.Epoch,
        WorkerId = lease.WorkerId,
        FailureType = FailureType.TaskTimeout,
        OccurredAt = now,
        ErrorMessage = $"the lease passed its deadline at {lease.Deadline:u}",
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
        Blame = lease.Loss?.Blame ?? LossBlame.Worker,
    };

    private static string Describe(PendingFailure failure)
    {
        var type = WireName.Of(failure.FailureType);
        return failure.ErrorMessage.Length == 0 ? type : $"{type}: {failure.ErrorMessage}";
    }

    private static bool IsFromHolder(TaskLease lease, ReportFailure report) =>
        (report.WorkerId is null || report.WorkerId == lease.WorkerId)
        && (report.Source != ReportSource.LeaseHolder
            || (report.WorkerId is not null
                && (report.InstanceId is null || lease.InstanceId is null || report.InstanceId == lease.InstanceId)));

    /// <summary>The newest lease of the task that the worker held, or that anyone held if no worker is named.</summary>
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

    private static FailureId? FindByEventId(TaskRecord task, EventId name)
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

    private static FailureId? FindFailure(TaskRecord task, FailureId id, WorkerId? worker)
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

    private static EndLeaseReply AttachTo(EndLeaseReply reply, TaskRecord task, FailureId failure, PolicySettings policy) =>
        task is { State: TaskState.Deciding, Pending: { } pending } && FailureIds.OfLease(task.TaskId, pending.Epoch) == failure
            ? reply with { Ending = EndLeaseResult.Ended, Failure = LeaseFailure.Of(task, pending, policy) }
            : reply with { Ending = EndLeaseResult.EndedBefore, FailureId = failure };

    /// <summary>Stores the report's event id with the failure before answering, so that a repeated report finds it.</summary>
    private static Decision<EndLeaseReply> WithEventId(ReportFailure report, EndLeaseReply reply) => new(
        report.EventId is { } name
            ? new FailureNamed
            {
                TaskId = report.TaskId,
                Name = new FailureName { EventId = name, FailureId = reply.Failure?.FailureId ?? reply.FailureId!.Value },
            }
            : null,
        reply);

    private static ImmutableArray<FailureName> AddName(ImmutableArray<FailureName> names, FailureName name) =>
        (names.Length < NamesKept ? names : names.RemoveAt(0)).Add(name);
}

/// <summary>Leases ended in failure. Their tasks are deciding until the coordinator answers.</summary>
[ProtoContract(Name = "queue.leases-ended")]
public sealed record LeasesEnded : IStoredEvent
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
    [ProtoMember(2)] public ImmutableArray<EndedLease> Leases { get; init; } = [];
}

/// <summary>A task whose lease ended in failure.</summary>
[ProtoContract]
public sealed record EndedLease
{
    [ProtoMember(1)] public required TaskId TaskId { get; init; }
    [ProtoMember(2)] public required PendingFailure Failure { get; init; }
}

/// <summary>A further report gave a known failure another event id.</summary>
[ProtoContract(Name = "queue.failure-named")]
public sealed record FailureNamed : IStoredEvent
{
    [ProtoMember(1)] public required TaskId TaskId { get; init; }
    [ProtoMember(2)] public required FailureName Name { get; init; }
}
