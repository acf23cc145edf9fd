using Morag.Failover.Domain.Audit;

namespace Morag.Failover.Domain.Queues;

/// <summary>Applies the events of a queue partition.</summary>
public static class QueueEvents
{
    /// <summary>Returns the state after an event. Throws on unknown events.</summary>
    public static QueueState Apply(QueueState state, IStoredEvent @event)
    {
        var after = Changed(state, @event);
        return @event is IAudited { Audit: not null } ? after with { Audit = after.Audit.After(@event, AuditOutbox.MostOfQueue) } : after;
    }

    private static QueueState Changed(QueueState state, IStoredEvent @event) => @event switch
    {
        TasksAccepted accepted => Submission.Apply(state, accepted),
        TasksLeased leased => LeaseGrants.Apply(state, leased),
        TasksCompleted completed => TaskCompletions.Apply(state, completed),
        LeasesReleased released => LeaseCalls.Apply(state, released),
        LeaseExtended extended => LeaseCalls.Apply(state, extended),
        ProgressReported reported => ProgressReports.Apply(state, reported),
        LeasesEnded ended => LeaseEndings.Apply(state, ended),
        LeaseClocksRestarted restarted => LeaseClocks.Apply(state, restarted),
        FailureNamed named => LeaseEndings.Apply(state, named),
        TaskReassigned reassigned => TaskReassignment.Apply(state, reassigned),
        TaskUnparked unparked => ParkReversal.Apply(state, unparked),
        InstanceFenced fenced => InstanceFences.Apply(state, fenced),
        TasksCameDue due => DueTasks.Apply(state, due),
        LateCallsNoted noted => LateCallRules.Apply(state, noted),
        PinsEnded ended => DueTasks.Apply(state, ended),
        TasksWentUnserved unserved => UnservedTasks.Apply(state, unserved),
        TasksCancelled cancelled => OperatorCommands.Apply(state, cancelled),
        TasksChanged changed => BulkChanges.Apply(state, changed),
        TasksRequeued requeued => OperatorCommands.Apply(state, requeued),
        QueueControlsChanged changed => QueueControlCommands.Apply(state, changed),
        QueueAuditDelivered delivered => state with { Audit = state.Audit.Without(delivered.UpTo), JustReady = [] },
        OutcomesAcknowledged acknowledged => OutcomeDelivery.Apply(state, acknowledged),
        TasksForgotten forgotten => TaskRetention.Apply(state, forgotten),
        WorkerShareForgotten forgotten => WorkerShareRetention.Apply(state, forgotten),
        ClockSetBack setBack => QueueClockCorrection.Apply(state, setBack),
        _ => throw new InvalidOperationException($"Queues have no event {@event.GetType()}."),
    };
}

/// <summary>A coordinator recorded what operators did here, up to a number.</summary>
[ProtoContract(Name = "queue.audit-delivered")]
public sealed record QueueAuditDelivered : IStoredEvent
{
    [ProtoMember(1)] public required long UpTo { get; init; }
}
