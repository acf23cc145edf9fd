using System.Text;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>All that a queue keeps of one task; snapshots store it as it is.</summary>
[ProtoContract]
public sealed record TaskRecord
{
    /// <summary>What an entry of a list counts for beside its texts: times, names and numbers.</summary>
    private const int BytesOfEntry = 64;

    private JsonText quality = JsonText.EmptyObject;

    // Not the shared instance: Protobuf reads into the one that is there.
    private TaskBudgets budgets = new();

    /// <summary>What was handed in.</summary>
    [ProtoMember(1)] public required TaskSubmission Submission { get; init; }

    /// <summary>Its place among tasks of the same priority: the count of submissions up to it.</summary>
    [ProtoMember(2)] public long Order { get; init; }

    /// <summary>When it was submitted.</summary>
    [ProtoMember(3)] public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>Where it is in its life.</summary>
    [ProtoMember(4)] public TaskState State { get; init; }

    /// <summary>The queue it is in now.</summary>
    [ProtoMember(5)] public required QueueName Queue { get; init; }

    /// <summary>The quality settings that hold now.</summary>
    [ProtoMember(6)] public JsonText Quality { get => quality; init => quality = value; }

    /// <summary>The last lease that was granted; held while <see cref="State"/> is leased.</summary>
    [ProtoMember(7)] public TaskLease? Lease { get; init; }

    /// <summary>How often it was leased.</summary>
    [ProtoMember(8)] public int Attempt { get; init; }

    /// <summary>The failure whose decision is under way; only while deciding.</summary>
    [ProtoMember(9)] public PendingFailure? Pending { get; init; }

    /// <summary>What earlier failures used up.</summary>
    [ProtoMember(10)] public TaskBudgets Budgets { get => budgets; init => budgets = value; }

    /// <summary>Failures whose decision was carried out, oldest first, at most the last 50.</summary>
    [ProtoMember(11)] public ImmutableArray<TaskFailure> Failures { get; init; } = [];

    /// <summary>How many of <see cref="Failures"/> an operator's requeue has forgiven: they no longer count, but are still known.</summary>
    [ProtoMember(12)] public int Forgiven { get; init; }

    /// <summary>The names that reporters gave to failures, oldest first, at most the last 20.</summary>
    [ProtoMember(13)] public ImmutableArray<FailureName> FailureNames { get; init; } = [];

    /// <summary>When a delayed task comes due.</summary>
    [ProtoMember(14)] public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The only worker that may take it, until <see cref="PinnedUntil"/>.</summary>
    [ProtoMember(15)] public WorkerId? PinnedTo { get; init; }

    /// <summary>When the pin lapses; set once the delay is over.</summary>
    [ProtoMember(16)] public DateTimeOffset? PinnedUntil { get; init; }

    /// <summary>The worker that gets it only where no other can.</summary>
    [ProtoMember(17)] public WorkerId? Avoid { get; init; }

    /// <summary>Since when it waits in its queue without a break.</summary>
    [ProtoMember(18)] public DateTimeOffset QueuedSince { get; init; }

    /// <summary>Why it is parked.</summary>
    [ProtoMember(19)] public string? ParkedBecause { get; init; }

    /// <summary>When it ended for good.</summary>
    [ProtoMember(20)] public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>What the accepted completion gave.</summary>
    [ProtoMember(21)] public JsonText Result { get; init; }

    /// <summary>What happened to it after its submission, oldest first.</summary>
    [ProtoMember(22)] public ImmutableArray<TaskHistoryEntry> History { get; init; } = [];

    /// <summary>The task.</summary>
    public TaskId TaskId => Submission.TaskId;

    /// <summary>Whether it has ended for good.</summary>
    public bool IsEnded => State is TaskState.Succeeded or TaskState.Cancelled;

    /// <summary>The bytes of payload, quality settings and result, and of all that failures and history add, in UTF-8, for limits.</summary>
    public long Size => (long)Submission.Payload.Length + Quality.Length + Result.Length + SizeOfFailures + SizeOfHistory;

    private long SizeOfFailures
    {
        get
        {
            var size = Bytes(ParkedBecause) + Bytes(Lease?.Loss?.Reason) + (Pending is { } pending ? Bytes(pending.ErrorMessage) + pending.Context.Length : 0);
            foreach (var failure in Failures)
            {
                size += BytesOfEntry + failure.FailureId.Value.Length;
            }

            foreach (var name in FailureNames)
            {
                size += BytesOfEntry + name.EventId.Value.Length + name.FailureId.Value.Length;
            }

            return size;
        }
    }

    private long SizeOfHistory
    {
        get
        {
            var size = 0L;
            foreach (var entry in History)
            {
                size += BytesOfEntry + Bytes(entry.Detail);
            }

            return size;
        }
    }

    /// <summary>Most tasks have never failed, and hold the quality settings that they were submitted with.</summary>
    [ProtoAfterDeserialization]
    private void ShareEqualValues()
    {
        budgets = SharedValues<TaskBudgets>.Of(budgets);
        if (quality == Submission.Quality)
        {
            quality = Submission.Quality;
        }
    }

    private static long Bytes(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);
}

/// <summary>One lease of a task.</summary>
[ProtoContract]
public sealed record TaskLease
{
    /// <summary>The lease's number.</summary>
    [ProtoMember(1)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>Who holds or held it.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The instance it was granted to; null for workers that do not tell.</summary>
    [ProtoMember(3)] public InstanceId? InstanceId { get; init; }

    /// <summary>The call that it answered.</summary>
    [ProtoMember(4)] public RequestId? RequestId { get; init; }

    /// <summary>When it was granted.</summary>
    [ProtoMember(5)] public DateTimeOffset GrantedAt { get; init; }

    /// <summary>When it times out.</summary>
    [ProtoMember(6)] public DateTimeOffset Deadline { get; init; }

    /// <summary>The full time that it was granted for.</summary>
    [ProtoMember(7)] public TimeSpan Timeout { get; init; }

    /// <summary>Set while its worker is lost and the lease still protected.</summary>
    [ProtoMember(8)] public PendingLoss? Loss { get; init; }

    /// <summary>Whether it was given back without blame.</summary>
    [ProtoMember(9)] public bool Returned { get; init; }

    /// <summary>The time that its holder was given on top of <see cref="Timeout"/>.</summary>
    [ProtoMember(10)] public TimeSpan Extended { get; init; }
}

/// <summary>A lost worker's lease that ends once its protection is over, unless the worker comes back.</summary>
[ProtoContract]
public sealed record PendingLoss
{
    /// <summary>When it ends.</summary>
    [ProtoMember(1)] public DateTimeOffset EndsAt { get; init; }

    /// <summary>How long the protection lasts, from the last sign of life.</summary>
    [ProtoMember(2)] public TimeSpan Protection { get; init; }

    /// <summary>The loss.</summary>
    [ProtoMember(3)] public LossId? LossId { get; init; }

    /// <summary>Whether the loss was planned.</summary>
    [ProtoMember(4)] public bool Planned { get; init; }

    /// <summary>What is said about it.</summary>
    [ProtoMember(5)] public string Reason { get; init; } = "";
}

/// <summary>A failure whose decision is under way.</summary>
[ProtoContract]
public sealed record PendingFailure
{
    /// <summary>The lease that ended; a number of its own where none did.</summary>
    [ProtoMember(1)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>Who held it.</summary>
    [ProtoMember(2)] public WorkerId? WorkerId { get; init; }

    /// <summary>What failed.</summary>
    [ProtoMember(3)] public required FailureType FailureType { get; init; }

    /// <summary>When the queue learned of it.</summary>
    [ProtoMember(4)] public DateTimeOffset OccurredAt { get; init; }

    /// <summary>What was said about it.</summary>
    [ProtoMember(5)] public string ErrorMessage { get; init; } = "";

    /// <summary>Whatever else the reporter gave.</summary>
    [ProtoMember(6)] public JsonText Context { get; init; } = JsonText.EmptyObject;

    /// <summary>The reporter's name for it.</summary>
    [ProtoMember(7)] public EventId? EventId { get; init; }

    /// <summary>The loss it is part of.</summary>
    [ProtoMember(8)] public LossId? LossId { get; init; }

    /// <summary>Whether the loss was planned.</summary>
    [ProtoMember(9)] public bool Planned { get; init; }

    /// <summary>Whether nobody could take the task, and no lease ended.</summary>
    [ProtoMember(10)] public bool Unserved { get; init; }
}

/// <summary>What the failures of a task used up so far; an operator's requeue clears it.</summary>
[ProtoContract]
public sealed record TaskBudgets
{
    /// <summary>Nothing used.</summary>
    public static readonly TaskBudgets Unused = new();

    /// <summary>All failures.</summary>
    [ProtoMember(1)] public int Failures { get; init; }

    /// <summary>Failures of its own.</summary>
    [ProtoMember(2)] public int OwnFailures { get; init; }

    /// <summary>Failures of workers and networks.</summary>
    [ProtoMember(3)] public int FleetFailures { get; init; }

    /// <summary>Reassignments.</summary>
    [ProtoMember(4)] public int Reassignments { get; init; }

    /// <summary>Rungs of the quality ladder climbed.</summary>
    [ProtoMember(5)] public int QualityRung { get; init; }

    /// <summary>The worker that the present row of retries is on.</summary>
    [ProtoMember(6)] public WorkerId? RetriedOn { get; init; }

    /// <summary>The retries in that row, by what failed.</summary>
    [ProtoMember(7)] public ImmutableArray<RetryCount> Retries { get; init; } = [];
}

/// <summary>Retries on the same worker after one type of failure.</summary>
[ProtoContract]
public sealed record RetryCount
{
    /// <summary>What failed.</summary>
    [ProtoMember(1)] public FailureType FailureType { get; init; }

    /// <summary>How often it was tried again.</summary>
    [ProtoMember(2)] public int Count { get; init; }
}

/// <summary>A reporter's name for a failure of a task.</summary>
[ProtoContract]
public sealed record FailureName
{
    /// <summary>The name.</summary>
    [ProtoMember(1)] public required EventId EventId { get; init; }

    /// <summary>The failure.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }
}
