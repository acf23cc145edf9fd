using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Failover;

/// <summary>
/// A failure whose decision is under way: reports of the same failure join it. Kept in memory alone: for a lease the queue asks
/// again until it is decided, and a report about a task held elsewhere was not acknowledged yet.
/// </summary>
internal sealed class PendingFailure
{
    private PendingFailure(FailureId id, FailureEvent failure)
    {
        Id = id;
        Failure = failure;
    }

    public FailureId Id { get; }

    public FailureEvent Failure { get; }

    /// <summary>The lease that ended; null for a task that no queue here holds.</summary>
    public LeaseFailure? Lease { get; private init; }

    public LossId? LossId { get; private init; }

    public LeaseEpoch Epoch => Lease?.Epoch ?? LeaseEpoch.None;

    /// <summary>The names that reporters gave it.</summary>
    public HashSet<EventId> Names { get; } = [];

    /// <summary>Reports that joined after the first.</summary>
    public int Joined { get; set; }

    /// <summary>The worker that failed, once its entity has taken the failure in.</summary>
    public FailureTaken? Taken { get; set; }

    /// <summary>The earlier witnesses whose records have not been heard yet.</summary>
    public HashSet<WorkerId> Unheard { get; } = [];

    /// <summary>What the records of the witnesses say, as far as they answered.</summary>
    public List<Testimony> Testimonies { get; } = [];

    /// <summary>Until when the decision waits for records.</summary>
    public DateTimeOffset WaitsForRecordsUntil { get; set; }

    /// <summary>Who waits for the decision.</summary>
    public List<WaitingCaller> Callers { get; } = [];

    public static PendingFailure Of(LeaseFailure lease)
    {
        var pending = new PendingFailure(lease.FailureId, new FailureEvent
        {
            EventId = lease.EventId ?? new EventId(lease.FailureId.Value),
            TaskId = lease.TaskId,
            WorkerId = lease.WorkerId,
            FailureType = lease.FailureType,
            OccurredAt = lease.OccurredAt,
            ErrorMessage = lease.ErrorMessage,
            Context = lease.Context,
        })
        {
            Lease = lease,
            LossId = lease.LossId,
        };
        pending.Take(lease.EventId);
        return pending;
    }

    public static PendingFailure Of(FailureId id, ReportFailure report, DateTimeOffset now)
    {
        var pending = new PendingFailure(id, new FailureEvent
        {
            EventId = report.EventId ?? new EventId(id.Value),
            TaskId = report.TaskId,
            WorkerId = report.WorkerId,
            FailureType = report.FailureType,
            OccurredAt = now,
            ErrorMessage = report.ErrorMessage,
            Context = report.Context.IsNull ? JsonText.EmptyObject : report.Context,
        })
        {
            LossId = report.LossId,
        };
        pending.Take(report.EventId);
        return pending;
    }

    /// <summary>Takes one more name for the failure.</summary>
    public void Take(EventId? name)
    {
        if (name is { } given && Names.Count < Domain.Failover.Coordination.KeptFailure.MaxNames)
        {
            Names.Add(given);
        }
    }

    /// <summary>What the worker's entity is asked to take in.</summary>
    public TakeFailure ToTake(WorkerId worker) => new()
    {
        WorkerId = worker,
        FailureId = Id,
        FailureType = Failure.FailureType,
        LossId = LossId,
        OccurredAt = Failure.OccurredAt,
        Epoch = Epoch,
        TaskId = Failure.TaskId,
        Counts = Lease is not { Planned: true },
        Queue = Lease?.Facts.Queue,
        ContentType = Lease?.Facts.ContentType,
    };
}

/// <summary>Somebody who waits for an answer, and until when.</summary>
internal readonly record struct WaitingCaller(IActorRef Caller, DateTimeOffset Until);
