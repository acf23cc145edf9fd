using System.Globalization;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Queues;

/// <summary>What follows from a report of progress.</summary>
/// <param name="Event">The event to persist; null if the report waits, repeats what is known, or was rejected.</param>
/// <param name="Reply">The reply. It is sent only after the event is durable.</param>
/// <param name="Waiting">What waits in memory from now on.</param>
public readonly record struct ProgressDecision(ProgressReported? Event, LeaseResults Reply, WaitingProgress Waiting);

/// <summary>
/// Keeps the progress that workers report about the tasks they hold: at most one stored report per task and interval, of which the newest
/// counts, and the last one of a lease is stored before the lease ends.
/// </summary>
public static class ProgressReports
{
    /// <summary>The most bytes of reports that wait in one partition.</summary>
    public const long MostWaitingBytes = 16L * 1024 * 1024;

    /// <summary>Stores a report, lets it wait for its interval, or rejects it.</summary>
    /// <param name="state">The queues.</param>
    /// <param name="waiting">What waits.</param>
    /// <param name="report">The report.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="isStoreBehind">Whether the store is behind with its writes, so that the report has to wait.</param>
    /// <param name="now">The time.</param>
    public static ProgressDecision Decide(
        QueueState state, WaitingProgress waiting, ReportProgress report, QueueSettings settings, bool isStoreBehind, DateTimeOffset now)
    {
        var result = new LeaseResult { TaskId = report.TaskId, Epoch = report.Epoch };
        var task = state.Tasks.GetValueOrDefault(report.TaskId);
        if (BrokenRule(report) is { } broken)
        {
            return Unchanged(result with { Refused = broken });
        }

        if (task is null)
        {
            return Unchanged(result with { Refused = Refused.Unknown($"Task {report.TaskId} does not exist.") });
        }

        if (!LeaseCalls.Holds(task, report.WorkerId, report.Epoch))
        {
            var why = TaskDescription.WhyNotHeld(task, report.WorkerId, report.Epoch);
            return Unchanged(result with { Refused = Refused.Conflict(why) });
        }

        var isWaiting = waiting.TryFind(report.TaskId, out var known);
        known ??= task.Progress;
        var progress = After(known, task, report, now);
        if (SaysTheSame(progress, known))
        {
            return Unchanged(result with { Stored = !isWaiting });
        }

        var isStored = !isStoreBehind && IsDue(task, settings.ProgressInterval, now);
        if ((Overflow(state, waiting, task, progress, settings) ?? (isStored ? null : WaitsTooMuch(waiting, task, progress))) is { } full)
        {
            return Unchanged(result with { Refused = full });
        }

        return isStored
            ? new(EventOf([new(report.TaskId, progress)]), Of(result with { Stored = true }), waiting.Without(report.TaskId))
            : new(null, Of(result with { Stored = false }), waiting.With(report.TaskId, progress));

        ProgressDecision Unchanged(LeaseResult answer) => new(null, Of(answer), waiting);
    }

    /// <summary>
    /// What waits and may be stored now, up to the size of one event; null if nothing may. Store it, and ask again without it.
    /// </summary>
    public static ProgressReported? DecideDue(QueueState state, WaitingProgress waiting, QueueSettings settings, DateTimeOffset now) =>
        Gather(waiting.All.Where(entry => IsDue(state.Tasks[entry.Key], settings.ProgressInterval, now)));

    /// <summary>
    /// Everything that waits, up to the size of one event; null if nothing does. A partition stores it before it moves to another node.
    /// </summary>
    public static ProgressReported? DecideAll(WaitingProgress waiting) => Gather(waiting.All);

    /// <summary>
    /// What waits of the tasks whose leases an event ends, up to the size of one event; null if nothing does. Store it before that event,
    /// and ask again without it.
    /// </summary>
    public static ProgressReported? DecideBefore(IStoredEvent ending, WaitingProgress waiting) =>
        waiting.IsEmpty ? null : Gather(WaitingOf(TasksEndedBy(ending), waiting));

    /// <summary>
    /// What waits of the tasks that a worker holds, up to the size of one event; null if nothing does. Store it, and ask again without it.
    /// </summary>
    public static ProgressReported? DecideOf(WorkerId worker, QueueState state, WaitingProgress waiting) => waiting.IsEmpty
        ? null
        : Gather(WaitingOf(state.ShareOf(worker).Held.Values.Select(held => held.TaskId), waiting));

    /// <summary>When the first report that waits may be stored; null if none waits.</summary>
    public static DateTimeOffset? NextDue(QueueState state, WaitingProgress waiting, QueueSettings settings) => waiting.IsEmpty
        ? null
        : waiting.All.Min(entry => state.Tasks[entry.Key].Progress?.At ?? DateTimeOffset.MinValue) + settings.ProgressInterval;

    /// <summary>Sets the progress of the tasks.</summary>
    public static QueueState Apply(QueueState state, ProgressReported @event)
    {
        var edit = new QueueEdit(state);
        foreach (var reported in @event.Tasks)
        {
            edit.Put(edit.Get(reported.TaskId) with { Progress = reported.Progress });
        }

        return edit.ToState();
    }

    private static IEnumerable<KeyValuePair<TaskId, TaskProgress>> WaitingOf(IEnumerable<TaskId> tasks, WaitingProgress waiting)
    {
        foreach (var task in tasks)
        {
            if (waiting.TryFind(task, out var progress))
            {
                yield return new(task, progress);
            }
        }
    }

    /// <summary>The tasks whose leases an event ends.</summary>
    private static IEnumerable<TaskId> TasksEndedBy(IStoredEvent @event) => @event switch
    {
        LeasesReleased released => released.Leases.Select(lease => lease.TaskId),
        LeasesEnded ended => ended.Leases.Select(lease => lease.TaskId),
        InstanceFenced fenced => fenced.Ended.Select(lease => lease.TaskId).Concat(fenced.Freed.Select(lease => lease.TaskId)),
        TasksCompleted completed => completed.Completions.Select(completion => completion.TaskId),
        TasksCancelled cancelled => cancelled.Tasks,
        _ => [],
    };

    private static TaskProgress After(TaskProgress? before, TaskRecord task, ReportProgress report, DateTimeOffset now)
    {
        var same = before?.Epoch == report.Epoch ? before : null;
        var hasCheckpoint = report.Checkpoint is not null && report.Checkpoint != before?.Checkpoint;
        return new TaskProgress
        {
            Percent = report.Percent ?? same?.Percent,
            Message = report.Message ?? same?.Message,
            At = now,
            WorkerId = report.WorkerId,
            Epoch = report.Epoch,
            Attempt = task.Attempt,
            Checkpoint = hasCheckpoint ? report.Checkpoint : before?.Checkpoint,
            CheckpointEpoch = hasCheckpoint ? report.Epoch : before?.CheckpointEpoch,
            CheckpointAt = hasCheckpoint ? now : before?.CheckpointAt,
        };
    }

    private static bool SaysTheSame(TaskProgress progress, TaskProgress? known) =>
        known is not null && progress == known with { At = progress.At };

    private static bool IsDue(TaskRecord task, TimeSpan interval, DateTimeOffset now) =>
        task.Progress is not { } stored
        || stored.Epoch != task.Lease?.Epoch
        || now - stored.At >= interval

        // The clock was set back. Waiting until it has caught up could take long.
        || now < stored.At;

    private static ProgressReported? Gather(IEnumerable<KeyValuePair<TaskId, TaskProgress>> waiting)
    {
        var gathered = new List<KeyValuePair<TaskId, TaskProgress>>();
        long bytes = 0;
        foreach (var entry in waiting)
        {
            bytes += WireSize.Of(entry.Value) + entry.Key.Value.Length;
            if (gathered.Count > 0 && bytes > MessageLimits.MaxGatheredBytes)
            {
                break;
            }

            gathered.Add(entry);
        }

        return gathered.Count == 0 ? null : EventOf(gathered);
    }

    private static ProgressReported EventOf(IEnumerable<KeyValuePair<TaskId, TaskProgress>> tasks) =>
        new() { Tasks = [.. tasks.Select(entry => new ReportedProgress { TaskId = entry.Key, Progress = entry.Value })] };

    private static Refused? BrokenRule(ReportProgress report)
    {
        if (report is { Percent: null, Message: null, Checkpoint: null })
        {
            return Refused.Invalid("percent", "one of percent, message and checkpoint is required");
        }

        if (report.Percent is not (null or (>= 0 and <= 100)))
        {
            return Refused.Invalid("percent", "percent must be 0 to 100");
        }

        if (report.Message is { } message && TextBytes.BrokenRule(message, TaskLimits.MaxProgressMessageBytes) is { } textRule)
        {
            return Refused.Invalid("message", $"message {textRule}");
        }

        return report.Checkpoint?.BrokenRule(TaskLimits.MaxCheckpointBytes) is { } rule
            ? Refused.Invalid("checkpoint", $"checkpoint {rule}")
            : null;
    }

    private static Refused? Overflow(
        QueueState state, WaitingProgress waiting, TaskRecord task, TaskProgress progress, QueueSettings settings)
    {
        // What waits is stored sooner or later. It counts as if it came on top of what is stored.
        var growth = TaskRecord.SizeOf(progress) - TaskRecord.SizeOf(task.Progress);
        var others = waiting.Bytes - waiting.SizeOf(task.TaskId);
        return growth <= 0 || state.Size + others + growth <= settings.MaxBytes
            ? null
            : Refused.LimitReached(string.Create(
                CultureInfo.InvariantCulture,
                $"The progress of task {task.TaskId} was not stored, and the task goes on: the tasks of its queue partition hold "
                + $"{state.Size:N0} bytes. Report it later or raise morag.failover.queues.max-bytes (now {settings.MaxBytes:N0})."));
    }

    private static Refused? WaitsTooMuch(WaitingProgress waiting, TaskRecord task, TaskProgress progress)
    {
        var size = TaskRecord.SizeOf(progress);
        return waiting.Bytes - waiting.SizeOf(task.TaskId) + size <= MostWaitingBytes
            ? null
            : Refused.LimitReached(string.Create(
                CultureInfo.InvariantCulture,
                $"The progress of task {task.TaskId} was not stored, and the task goes on: {waiting.Count:N0} reports with "
                + $"{waiting.Bytes:N0} bytes wait to be stored already. Report it again in a few seconds."));
    }

    private static LeaseResults Of(LeaseResult result) => new() { Results = [result] };
}

/// <summary>Workers reported how far they are with tasks that they hold.</summary>
[ProtoContract(Name = "queue.progress-reported")]
public sealed record ProgressReported : IStoredEvent
{
    [ProtoMember(1)] public ImmutableArray<ReportedProgress> Tasks { get; init; } = [];
}

/// <summary>The progress of one task.</summary>
[ProtoContract]
public sealed record ReportedProgress
{
    [ProtoMember(1)] public required TaskId TaskId { get; init; }
    [ProtoMember(2)] public required TaskProgress Progress { get; init; }
}
