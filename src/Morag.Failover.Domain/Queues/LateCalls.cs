using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Calls about leases that no longer hold their tasks. Each is refused, and noted once in the history of its task, so that an operator
/// sees a worker that goes on with what was taken from it.
/// </summary>
internal static class LateCalls
{
    /// <summary>How far back a note is looked for, so that a worker which repeats its calls in turn does not fill the history.</summary>
    private const int LookedBack = 8;

    /// <summary>The event that records the calls that are not recorded yet; null if all of them are.</summary>
    public static LateCallsNoted? Note(QueueState state, IEnumerable<LateCall> calls, DateTimeOffset now)
    {
        ImmutableArray<LateCall> notNoted = [.. calls.DistinctBy(call => (call.Kind, call.TaskId, call.WorkerId, call.Epoch)).Where(call => !IsNoted(state.Tasks[call.TaskId], Word(call.Kind), call.WorkerId, call.Epoch))];
        return notNoted.IsEmpty ? null : new LateCallsNoted { At = now, Calls = notNoted };
    }

    /// <summary>The state with the notes.</summary>
    public static QueueState Apply(QueueState state, LateCallsNoted @event)
    {
        var edit = new QueueEdit(state);
        foreach (var call in @event.Calls)
        {
            Note(edit, call, @event.At);
        }

        return edit.Done();
    }

    /// <summary>Notes a call in the history of its task.</summary>
    public static void Note(QueueEdit edit, LateCall call, DateTimeOffset at)
    {
        var task = edit.Get(call.TaskId);
        edit.Put(task with { History = task.History.With(edit.HistoryKept, at, Word(call.Kind), call.WorkerId, call.Epoch, call.Detail) });
    }

    /// <summary>Whether the end of the task's history has such a note already.</summary>
    public static bool IsNoted(TaskRecord task, string what, WorkerId? worker, LeaseEpoch? epoch) => task.History
        .TakeLast(LookedBack)
        .Any(entry => entry.What == what && entry.WorkerId == worker && entry.Epoch == epoch);

    private static string Word(LateCallKind kind) => kind switch
    {
        LateCallKind.Failure => TaskHistory.LateFailure,
        LateCallKind.Extension => TaskHistory.LateExtension,
        LateCallKind.Release => TaskHistory.LateRelease,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind of late call"),
    };
}
