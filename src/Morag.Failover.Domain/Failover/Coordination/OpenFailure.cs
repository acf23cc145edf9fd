using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <summary>
/// A failure whose decision is not made yet. Reports of the same failure join it. It is never stored: the queue asks again about a lease
/// until its failure is decided, and a report about a task that no queue holds is acknowledged only after the decision.
/// </summary>
public sealed record OpenFailure
{
    /// <summary>How long a decision waits for the records of workers that failed the task before. Then it is made without them.</summary>
    public static readonly TimeSpan WaitForRecords = TimeSpan.FromSeconds(2);

    /// <summary>The failure's id.</summary>
    public required FailureId Id { get; init; }

    /// <summary>The failure as it was first reported.</summary>
    public required FailureEvent Failure { get; init; }

    /// <summary>The lease that ended; null for a task that no queue holds.</summary>
    public LeaseFailure? Lease { get; init; }

    /// <summary>The loss of a worker that the failure is part of.</summary>
    public LossId? LossId { get; init; }

    /// <summary>The event ids that reporters gave the failure, at most <see cref="KeptFailure.MaxNames"/>.</summary>
    public ImmutableArray<EventId> Names { get; init; } = [];

    /// <summary>The number of reports after the first.</summary>
    public int JoinedReports { get; init; }

    /// <summary>The worker that failed, after its entity counted the failure; null before that.</summary>
    public WorkerStanding? Worker { get; init; }

    /// <summary>The workers that failed the task before and whose records have not arrived.</summary>
    public ImmutableHashSet<WorkerId> Unheard { get; init; } = [];

    /// <summary>The records that have arrived.</summary>
    public ImmutableArray<Testimony> Testimonies { get; init; } = [];

    /// <summary>When the decision stops waiting for records.</summary>
    public DateTimeOffset WaitsUntil { get; init; }

    /// <summary>The lease that ended; none for a task that no queue holds.</summary>
    public LeaseEpoch Epoch => Lease?.Epoch ?? LeaseEpoch.None;

    /// <summary>Whether everything that the decision needs has arrived.</summary>
    public bool IsComplete => Worker is not null && Unheard.IsEmpty;

    /// <summary>The failure that ended a lease.</summary>
    public static OpenFailure OfLease(LeaseFailure lease) => new OpenFailure
    {
        Id = lease.FailureId,
        Failure = new FailureEvent
        {
            EventId = lease.EventId ?? new EventId(lease.FailureId.Value),
            TaskId = lease.TaskId,
            WorkerId = lease.WorkerId,
            FailureType = lease.FailureType,
            OccurredAt = lease.OccurredAt,
            ErrorMessage = lease.ErrorMessage,
            Context = lease.Context,
        },
        Lease = lease,
        LossId = lease.LossId,
    }.WithName(lease.EventId);

    /// <summary>A reported failure of a task that no queue holds.</summary>
    public static OpenFailure OfReport(FailureId id, ReportFailure report, DateTimeOffset now) => new OpenFailure
    {
        Id = id,
        Failure = new FailureEvent
        {
            EventId = report.EventId ?? new EventId(id.Value),
            TaskId = report.TaskId,
            WorkerId = report.WorkerId,
            FailureType = report.FailureType,
            OccurredAt = now,
            ErrorMessage = report.ErrorMessage,
            Context = report.Context.IsNull ? JsonText.EmptyObject : report.Context,
        },
        LossId = report.LossId,
    }.WithName(report.EventId);

    /// <summary>Adds an event id, unless the failure already has it or has too many.</summary>
    public OpenFailure WithName(EventId? name) =>
        name is { } given && Names.Length < KeptFailure.MaxNames && !Names.Contains(given) ? this with { Names = Names.Add(given) } : this;

    /// <summary>Adds one more report of the same failure.</summary>
    public OpenFailure Join(EventId? name) => WithName(name) with { JoinedReports = JoinedReports + 1 };

    /// <summary>Makes the failure wait for the records of the workers that failed the task before.</summary>
    public OpenFailure AwaitRecords(CoordinatorState state, DateTimeOffset now) => this with
    {
        Unheard =
        [
            .. FailoverPolicy.WitnessesToAsk(
                Failure, Lease is { } lease ? TaskPast.Told(lease.Facts).History : state.HistoryOf(Failure.TaskId)),
        ],
        WaitsUntil = now + WaitForRecords,
    };

    /// <summary>Adds the worker that failed, as its entity describes it after counting the failure.</summary>
    public OpenFailure WithWorker(FailureRecorded taken) => this with
    {
        Worker = taken.Worker,
        Testimonies = taken.Testimony is { } testimony ? Testimonies.Add(testimony) : Testimonies,
    };

    /// <summary>Adds the record of a worker that failed the task before.</summary>
    public OpenFailure WithTestimony(Testimony testimony) => this with
    {
        Unheard = Unheard.Remove(testimony.WorkerId),
        Testimonies = Testimonies.Add(testimony),
    };

    /// <summary>What the policy knows of the task from before the failure.</summary>
    public TaskPast PastOf(CoordinatorState state, PolicySettings settings) => Lease is { } lease
        ? TaskPast.Told(lease.Facts)
        : TaskPast.Remembered(state.HistoryOf(Failure.TaskId), Failure.FailureType, Failure.WorkerId, settings);

    /// <summary>The request to the worker's entity to count the failure; null when no worker is named.</summary>
    public RecordFailure? ToRecordFailure() => Failure.WorkerId is not { } worker ? null : new RecordFailure
    {
        WorkerId = worker,
        FailureId = Id,
        FailureType = Failure.FailureType,
        LossId = LossId,
        OccurredAt = Failure.OccurredAt,
        Epoch = Epoch,
        TaskId = Failure.TaskId,
        Counts = Lease is not { Blame: LossBlame.Planned or LossBlame.Unobserved },
        Queue = Lease?.Facts.Queue,
        ContentType = Lease?.Facts.ContentType,
    };
}
