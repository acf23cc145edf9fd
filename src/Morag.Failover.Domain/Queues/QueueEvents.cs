using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>What each event of a queue partition does to its state.</summary>
public static class QueueEvents
{
    /// <summary>The state after an event; unknown events throw.</summary>
    public static QueueState Apply(QueueState state, IStoredEvent @event) => @event switch
    {
        TasksAccepted accepted => Submission.Apply(state, accepted),
        TasksLeased leased => Leasing.Apply(state, leased),
        TasksCompleted completed => Completing.Apply(state, completed),
        LeasesReleased released => LeaseCalls.Apply(state, released),
        LeaseExtended extended => LeaseCalls.Apply(state, extended),
        LeasesEnded ended => LeaseEndings.Apply(state, ended),
        LeaseClocksRestarted restarted => LeaseEndings.Apply(state, restarted),
        FailureNamed named => LeaseEndings.Apply(state, named),
        TaskReassigned reassigned => Reassigning.Apply(state, reassigned),
        TaskUnparked unparked => Unparking.Apply(state, unparked),
        InstanceFenced fenced => Fencing.Apply(state, fenced),
        TasksCameDue due => ComingDue.Apply(state, due),
        LateCallsNoted noted => LateCalls.Apply(state, noted),
        PinsEnded ended => ComingDue.Apply(state, ended),
        TasksWentUnserved unserved => Unserved.Apply(state, unserved),
        TasksCancelled cancelled => OperatorCommands.Apply(state, cancelled),
        TasksRequeued requeued => OperatorCommands.Apply(state, requeued),
        OutcomesAcknowledged acknowledged => OutcomeDelivery.Apply(state, acknowledged),
        TasksForgotten forgotten => Forgetting.Apply(state, forgotten),
        WorkerShareForgotten forgotten => ForgettingShares.Apply(state, forgotten),
        ClockSetBack setBack => QueueClockCorrection.Apply(state, setBack),
        _ => throw new InvalidOperationException($"a queue knows no event {@event.GetType()}"),
    };
}
