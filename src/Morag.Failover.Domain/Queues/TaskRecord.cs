using System.Text;
using System.Text.Json.Serialization;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>Everything a queue keeps about one task. Snapshots store it as it is.</summary>
[ProtoContract]
public sealed record TaskRecord
{
    /// <summary>The estimated bytes of a list entry besides its texts: times, names and numbers.</summary>
    private const int BytesOfEntry = 64;

    private JsonText quality = JsonText.EmptyObject;
    private BulkMark? bulk;

    // Not the shared instance: Protobuf deserializes into the existing object.
    private TaskBudgets budgets = new();

    /// <summary>The task as submitted.</summary>
    [ProtoMember(1)] public required TaskSubmission Submission { get; init; }

    /// <summary>The number of submissions up to this one. Orders tasks of the same priority.</summary>
    [ProtoMember(2)] public long Order { get; init; }

    [ProtoMember(3)] public DateTimeOffset SubmittedAt { get; init; }
    [ProtoMember(4)] public TaskState State { get; init; }

    /// <summary>The queue it is in now.</summary>
    [ProtoMember(5)] public required QueueName Queue { get; init; }

    /// <summary>The current quality settings.</summary>
    [ProtoMember(6)] public JsonText Quality { get => quality; init => quality = value; }

    /// <summary>The newest lease. Held only while <see cref="State"/> is <see cref="TaskState.Leased"/>.</summary>
    [ProtoMember(7)] public TaskLease? Lease { get; init; }

    /// <summary>How many leases the task has had.</summary>
    [ProtoMember(8)] public int Attempt { get; init; }

    /// <summary>The failure whose decision is pending. Set only while <see cref="State"/> is <see cref="TaskState.Deciding"/>.</summary>
    [ProtoMember(9)] public PendingFailure? Pending { get; init; }

    [ProtoMember(10)] public TaskBudgets Budgets { get => budgets; init => budgets = value; }

    /// <summary>Failures with a decision that was carried out, oldest first, at most the last 50.</summary>
    [ProtoMember(11)] public ImmutableArray<TaskFailure> Failures { get; init; } = [];

    /// <summary>
    /// How many of <see cref="Failures"/> an operator's requeue has forgiven. They no longer count, but repeated reports still find them.
    /// </summary>
    [ProtoMember(12)] public int Forgiven { get; init; }

    /// <summary>The ids that reporters gave to failures, oldest first, at most the last 20.</summary>
    [ProtoMember(13)] public ImmutableArray<FailureName> FailureNames { get; init; } = [];

    /// <summary>When a delayed task comes due.</summary>
    [ProtoMember(14)] public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The only worker that may lease the task until <see cref="PinnedUntil"/>.</summary>
    [ProtoMember(15)] public WorkerId? PinnedTo { get; init; }

    /// <summary>When the pin expires; set when the delay ends.</summary>
    [ProtoMember(16)] public DateTimeOffset? PinnedUntil { get; init; }

    /// <summary>The worker that gets the task only if no other worker can run it.</summary>
    [ProtoMember(17)] public WorkerId? Avoid { get; init; }

    /// <summary>When the task's present wait in its queue began.</summary>
    [ProtoMember(18)] public DateTimeOffset QueuedSince { get; init; }

    [ProtoMember(19)] public string? ParkedBecause { get; init; }
    [ProtoMember(20)] public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The result of the accepted completion.</summary>
    [ProtoMember(21)] public JsonText Result { get; init; }

    /// <summary>What happened after the submission, oldest first.</summary>
    [ProtoMember(22)] public ImmutableArray<TaskHistoryEntry> History { get; init; } = [];

    /// <summary>The priority that an operator gave it; null while it has the one of its submission.</summary>
    [ProtoMember(23)] public TaskPriority? Reprioritized { get; init; }

    /// <summary>The last bulk action that changed it.</summary>
    [ProtoMember(24)] public BulkMark? Bulk { get => bulk; init => bulk = value; }

    /// <summary>The newest progress; null if no lease has reported any.</summary>
    [ProtoMember(25)] public TaskProgress? Progress { get; init; }

    public TaskId TaskId => Submission.TaskId;

    public TaskPriority Priority => Reprioritized ?? Submission.Priority;

    /// <summary>Whether the task has succeeded or was cancelled.</summary>
    public bool IsFinished => State is TaskState.Succeeded or TaskState.Cancelled;

    /// <summary>When something last happened to the task.</summary>
    public DateTimeOffset UpdatedAt => History is [.., var last] ? last.At : SubmittedAt;

    /// <summary>The message of the newest failure, as far as the history goes back; null without one.</summary>
    public string? LastError
    {
        get
        {
            if (Pending is { ErrorMessage: { Length: > 0 } message })
            {
                return message;
            }

            for (var index = History.Length - 1; index >= 0; index--)
            {
                if (History[index].What == TaskHistory.LeaseEnded)
                {
                    return History[index].Detail;
                }
            }

            return null;
        }
    }

    /// <summary>
    /// The bytes in UTF-8 of payload, quality settings, result, progress, failures and history, as <c>max-bytes</c> counts them.
    /// </summary>
    [JsonIgnore]
    public long Size =>
        (long)Submission.Payload.Length + Quality.Length + Result.Length + SizeOf(Progress) + SizeOfFailures + SizeOfHistory;

    private long SizeOfFailures
    {
        get
        {
            var size = Bytes(ParkedBecause) + Bytes(Lease?.Loss?.Reason);
            if (Pending is { } pending)
            {
                size += Bytes(pending.ErrorMessage) + pending.Context.Length;
            }

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

    /// <summary>The bytes of a task's progress, as <see cref="Size"/> counts them.</summary>
    internal static long SizeOf(TaskProgress? progress) =>
        progress is null ? 0 : BytesOfEntry + Bytes(progress.Message) + (progress.Checkpoint?.Length ?? 0);

    /// <summary>The task in a final state. Everything that concerns only a further attempt is cleared.</summary>
    internal TaskRecord Finished(TaskState state, DateTimeOffset at) => this with
    {
        State = state,
        FinishedAt = at,
        Pending = null,
        NotBefore = null,
        PinnedTo = null,
        PinnedUntil = null,
        Avoid = null,
        ParkedBecause = null,
        Progress = Progress is { Checkpoint: not null } last
            ? last with { Checkpoint = null, CheckpointEpoch = null, CheckpointAt = null }
            : Progress,
    };

    /// <summary>
    /// Shares common values to save memory: most tasks have never failed and keep the quality settings of their submission.
    /// </summary>
    [ProtoAfterDeserialization]
    private void ShareEqualValues()
    {
        budgets = SharedValues<TaskBudgets>.Of(budgets);
        bulk = SharedValues<BulkMark>.Of(bulk);
        if (quality == Submission.Quality)
        {
            quality = Submission.Quality;
        }
    }

    private static long Bytes(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);
}

/// <summary>A reporter's id for a failure of a task.</summary>
[ProtoContract]
public sealed record FailureName
{
    [ProtoMember(1)] public required EventId EventId { get; init; }
    [ProtoMember(2)] public required FailureId FailureId { get; init; }
}
