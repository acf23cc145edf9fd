using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>An operator pauses and resumes queues, and changes their limits while the cluster runs.</summary>
public static class QueueControlCommands
{
    /// <summary>Pauses a queue. A paused queue stays paused as it is.</summary>
    public static Decision<IWireMessage> Decide(QueueState state, PauseQueue command, QueueSettings configured, DateTimeOffset now)
    {
        if (Refusal(command.Queue, command.Reason, command.By, configured) is { } refused)
        {
            return new(null, refused);
        }

        var control = ControlOf(state, command.Queue);
        return control.Pause is not null
            ? Unchanged(state, command.Queue, configured)
            : Changed(
                state,
                control with { Pause = Change(command.By, command.Reason, now) },
                configured,
                Audited(AuditAction.QueuePause, command.By, command.Reason, now));
    }

    /// <summary>Ends the pause of a queue.</summary>
    public static Decision<IWireMessage> Decide(QueueState state, ResumeQueue command, QueueSettings configured, DateTimeOffset now)
    {
        if (Refusal(command.Queue, command.Reason, command.By, configured) is { } refused)
        {
            return new(null, refused);
        }

        var control = ControlOf(state, command.Queue);
        return control.Pause is null
            ? Unchanged(state, command.Queue, configured)
            : Changed(
                state,
                control with { Pause = null },
                configured,
                Audited(AuditAction.QueueResume, command.By, command.Reason, now));
    }

    /// <summary>Changes the limits of a queue.</summary>
    public static Decision<IWireMessage> Decide(QueueState state, SetQueueLimits command, QueueSettings configured, DateTimeOffset now)
    {
        if ((Refusal(command.Queue, command.Reason, command.By, configured) ?? Refusal(command)) is { } refused)
        {
            return new(null, refused);
        }

        var control = ControlOf(state, command.Queue);
        var limits = command.Limits.Or(control.Limits.Without(command.Reset));
        return limits == control.Limits
            ? Unchanged(state, command.Queue, configured)
            : Changed(
                state,
                control with
                {
                    Limits = limits,
                    LimitsChanged = limits == QueueLimits.None ? null : Change(command.By, command.Reason, now),
                },
                configured,
                Audited(AuditAction.QueueLimits, command.By, command.Reason, now));
    }

    /// <summary>Stores a copy of the owner's controls; null if this partition has a newer one.</summary>
    public static QueueControlsChanged? Decide(QueueState state, ApplyQueueControls command, DateTimeOffset now) =>
        command.Revision <= state.Controls.Revision
            ? null
            : new QueueControlsChanged { At = now, Revision = command.Revision, Queues = command.Queues };

    /// <summary>The pause and the limits of a queue, or a refusal.</summary>
    public static IWireMessage Find(QueueState state, QueueName queue, QueueSettings configured) =>
        UnknownQueue(queue, configured) ?? (IWireMessage)ReportOf(state.Controls, queue, configured);

    /// <summary>The tasks of some queues that any worker may get.</summary>
    public static IEnumerable<TaskId> ReadyIn(QueueState state, ImmutableArray<QueueName> queues) =>
        from task in state.Tasks.Values
        where task is { State: TaskState.Queued, PinnedTo: null } && queues.Contains(task.Queue)
        select task.TaskId;

    /// <summary>The queues from which waiting workers may get more than before: resumed ones, and those with another cap.</summary>
    public static ImmutableArray<QueueName> Opened(ControlledQueues before, ControlledQueues after) =>
    [
        .. from control in before.Queues.Concat(after.Queues)
           let queue = control.Queue
           where after.PauseOf(queue) is null
               && (before.PauseOf(queue) is not null || before.Find(queue)?.Limits.PerWorker != after.Find(queue)?.Limits.PerWorker)
           group control by queue into same
           select same.Key,
    ];

    /// <summary>Replaces the controls.</summary>
    public static QueueState Apply(QueueState state, QueueControlsChanged @event) =>
        state with
        {
            Controls = new ControlledQueues { Revision = @event.Revision, Queues = @event.Queues },
            JustReady = [],
        };

    private static Decision<IWireMessage> Unchanged(QueueState state, QueueName queue, QueueSettings configured) =>
        new(null, ReportOf(state.Controls, queue, configured));

    private static Func<QueueControl, QueueControl, AuditEntry> Audited(
        AuditAction action, string by, string reason, DateTimeOffset now) =>
        (before, after) => QueueAudit.Of(before, after, action, by, reason, now);

    private static Decision<IWireMessage> Changed(
        QueueState state, QueueControl control, QueueSettings configured, Func<QueueControl, QueueControl, AuditEntry> audited)
    {
        var audit = audited(ControlOf(state, control.Queue), control);
        var changed = new QueueControlsChanged
        {
            At = audit.At,
            Audit = audit,
            Revision = state.Controls.Revision + 1,
            Queues = state.Controls.With(control),
        };
        return new(changed, ReportOf(Apply(state, changed).Controls, control.Queue, configured));
    }

    private static QueueControl ControlOf(QueueState state, QueueName queue) =>
        state.Controls.Find(queue) ?? new QueueControl { Queue = queue };

    private static OperatorChange Change(string by, string reason, DateTimeOffset now) => new() { At = now, By = by, Reason = reason };

    private static QueueControlReport ReportOf(ControlledQueues controls, QueueName queue, QueueSettings configured)
    {
        var control = controls.Find(queue);
        var limits = LimitsOf(configured.Find(queue)!, configured);
        return new QueueControlReport
        {
            QueueType = queue,
            Pause = control?.Pause,
            Limits = control?.Limits.Or(limits) ?? limits,
            Configured = limits,
            Overridden = control?.Limits.Given ?? [],
            LimitsChanged = control?.LimitsChanged,
        };
    }

    private static QueueLimits LimitsOf(QueueDefinition queue, QueueSettings configured) => new()
    {
        PerWorker = queue.PerWorker,
        Weight = queue.Weight,
        TimeoutSeconds = queue.Timeout.TotalSeconds,
        UnservedAfterSeconds = configured.UnservedAfterOf(queue).TotalSeconds,
    };

    private static Refused? Refusal(QueueName queue, string reason, string by, QueueSettings configured) =>
        string.IsNullOrWhiteSpace(reason) ? Refused.Invalid("reason", "reason must not be empty")
        : TextBytes.BrokenRule(by, CallLimits.MaxReasonBytes) is { } rule ? Refused.Invalid("by", $"by {rule}")
        : UnknownQueue(queue, configured);

    private static Refused? Refusal(SetQueueLimits command) => command switch
    {
        { Limits.Given.IsEmpty: true, Reset.IsEmpty: true } => Refused.Invalid("limits", "Give at least one limit to change or to reset."),
        _ when command.Limits.BrokenRule() is var (field, rule) => Refused.Invalid(field, $"{field} {rule}"),
        _ when command.Limits.Given.Intersect(command.Reset).ToList() is [var both, ..] =>
            Refused.Invalid("reset", $"{WireName.Of(both)} cannot be changed and reset in one call."),
        _ => null,
    };

    private static Refused? UnknownQueue(QueueName queue, QueueSettings configured) =>
        configured.Find(queue) is null ? Refused.Unknown($"there is no queue {queue}") : null;
}

/// <summary>
/// An operator paused or resumed a queue, or changed its limits. Stored by the owner first, and then by every other partition.
/// </summary>
[ProtoContract(Name = "queue.controls-changed")]
public sealed record QueueControlsChanged : IStoredEvent, IAudited
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The number of the change.</summary>
    [ProtoMember(2)] public required long Revision { get; init; }

    /// <summary>Every queue that is paused or has limits of its own after the change.</summary>
    [ProtoMember(3)] public ImmutableArray<QueueControl> Queues { get; init; } = [];

    /// <inheritdoc />
    [ProtoMember(4)] public AuditEntry? Audit { get; init; }
}
