namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Calls about leases that no longer hold their tasks. Each is rejected, and recorded once in the task's history, so that an operator sees
/// a worker that continues with work it has lost.
/// </summary>
internal static class LateCallRules
{
    /// <summary>
    /// How many of the newest history entries are searched for the same call. More than one, so that a worker that repeats several calls in
    /// turn does not fill the history.
    /// </summary>
    private const int EntriesSearched = 8;

    /// <summary>Records the calls that are not in the history yet; null if all are.</summary>
    public static LateCallsNoted? Decide(QueueState state, IEnumerable<LateCall> calls, DateTimeOffset now)
    {
        ImmutableArray<LateCall> added =
        [
            .. calls
                .DistinctBy(call => (call.Kind, call.TaskId, call.WorkerId, call.Epoch))
                .Where(call => !IsRecorded(state.Tasks[call.TaskId], WordOf(call.Kind), call.WorkerId, call.Epoch)),
        ];
        return added.IsEmpty ? null : new LateCallsNoted { At = now, Calls = added };
    }

    /// <summary>Adds the calls to the histories of their tasks.</summary>
    public static QueueState Apply(QueueState state, LateCallsNoted @event)
    {
        var edit = new QueueEdit(state);
        foreach (var call in @event.Calls)
        {
            Record(edit, call, @event.At);
        }

        return edit.ToState();
    }

    public static void Record(QueueEdit edit, LateCall call, DateTimeOffset at)
    {
        var task = edit.Get(call.TaskId);
        edit.Put(
            task with { History = task.History.With(edit.HistoryKept, at, WordOf(call.Kind), call.WorkerId, call.Epoch, call.Detail) });
    }

    /// <summary>Whether the newest history entries contain this call.</summary>
    public static bool IsRecorded(TaskRecord task, string what, WorkerId? worker, LeaseEpoch? epoch) => task.History
        .TakeLast(EntriesSearched)
        .Any(entry => entry.What == what && entry.WorkerId == worker && entry.Epoch == epoch);

    private static string WordOf(LateCallKind kind) => kind switch
    {
        LateCallKind.Failure => TaskHistory.LateFailure,
        LateCallKind.Extension => TaskHistory.LateExtension,
        LateCallKind.Release => TaskHistory.LateRelease,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind of late call."),
    };
}

/// <summary>Calls about leases that no longer hold their tasks were rejected and recorded.</summary>
[ProtoContract(Name = "queue.late-calls-noted")]
public sealed record LateCallsNoted : IStoredEvent
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
    [ProtoMember(2)] public ImmutableArray<LateCall> Calls { get; init; } = [];
}

/// <summary>One call about a lease that no longer holds its task.</summary>
[ProtoContract]
public sealed record LateCall
{
    [ProtoMember(1)] public required LateCallKind Kind { get; init; }
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The caller, or the worker that the report named; null if it named none.</summary>
    [ProtoMember(3)] public WorkerId? WorkerId { get; init; }

    /// <summary>The lease that the call named; null if it named none.</summary>
    [ProtoMember(4)] public LeaseEpoch? Epoch { get; init; }

    /// <summary>The text of the call.</summary>
    [ProtoMember(5)] public string? Detail { get; init; }
}

/// <summary>What a late call asked for.</summary>
public enum LateCallKind
{
    Failure = 0,

    Extension = 1,

    Release = 2,
}
