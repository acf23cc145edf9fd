namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Corrects times after the clock was set back while the partition was down. A due time is a start plus a duration: a start in the future
/// becomes now, and the due time moves with it.
/// </summary>
public static class QueueClockCorrection
{
    /// <summary>Whether any time lies in the future, or any due time is later than it can be.</summary>
    public static bool IsNeeded(QueueState state, DateTimeOffset now) =>
        state.Tasks.Values.Any(task => !ReferenceEquals(task, Corrected(task, now)));

    /// <summary>Moves future times back to the event's time.</summary>
    public static QueueState Apply(QueueState state, ClockSetBack @event)
    {
        var edit = new QueueEdit(state);
        foreach (var task in state.Tasks.Values)
        {
            var corrected = Corrected(task, @event.At);
            if (!ReferenceEquals(task, corrected))
            {
                edit.Put(corrected);
            }
        }

        return edit.ToState();
    }

    private static TaskRecord Corrected(TaskRecord task, DateTimeOffset now)
    {
        var lease = task.Lease is { } held ? Corrected(held, now) : null;
        if (task.QueuedSince <= now && task.SubmittedAt <= now && !(task.FinishedAt > now) && ReferenceEquals(lease, task.Lease))
        {
            return task;
        }

        var ahead = task.QueuedSince > now ? task.QueuedSince - now : TimeSpan.Zero;
        return task with
        {
            SubmittedAt = Earlier(task.SubmittedAt, now),
            QueuedSince = task.QueuedSince - ahead,
            NotBefore = task.NotBefore - ahead,
            PinnedUntil = task.PinnedUntil - ahead,
            FinishedAt = task.FinishedAt > now ? now : task.FinishedAt,
            Lease = lease,
        };
    }

    private static TaskLease Corrected(TaskLease lease, DateTimeOffset now)
    {
        var latestDeadline = now + lease.Timeout + lease.Extended;
        var loss = lease.Loss is { } pending && pending.EndsAt > now + pending.Protection
            ? pending with { EndsAt = now + pending.Protection }
            : lease.Loss;
        return lease.GrantedAt <= now && lease.Deadline <= latestDeadline && ReferenceEquals(loss, lease.Loss)
            ? lease
            : lease with { GrantedAt = Earlier(lease.GrantedAt, now), Deadline = Earlier(lease.Deadline, latestDeadline), Loss = loss };
    }

    private static DateTimeOffset Earlier(DateTimeOffset left, DateTimeOffset right) => left < right ? left : right;
}
