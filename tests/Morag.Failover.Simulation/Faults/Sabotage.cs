using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Simulation.Faults;

/// <summary>A bug that a spec plants, to see whether the checker finds it.</summary>
internal enum PlantedBug
{
    None = 0,

    /// <summary>The store forgets tasks that it acknowledged.</summary>
    ForgottenTasks = 1,

    /// <summary>The store forgets completions that it acknowledged.</summary>
    ForgottenCompletions = 2,

    /// <summary>An owner runs twice, and the store lets both write.</summary>
    SecondOwners = 3,

    /// <summary>The store forgets leases that it acknowledged.</summary>
    ForgottenLeases = 4,

    /// <summary>The store forgets that decisions were carried out.</summary>
    ForgottenReassignments = 5,

    /// <summary>The store forgets that a breaker opened.</summary>
    ForgottenBreakers = 6,

    /// <summary>The store forgets failures that a worker's score counted.</summary>
    ForgottenScores = 7,

    /// <summary>The nodes lose every heartbeat.</summary>
    LostHeartbeats = 8,

    /// <summary>The nodes lose every order to requeue a task.</summary>
    LostOrders = 9,

    /// <summary>The nodes lose every second grant, and all messages by which a worker's entity could notice.</summary>
    LostGrants = 10,

    /// <summary>The nodes lose the list of held leases in each heartbeat.</summary>
    StrippedHeartbeats = 11,

    /// <summary>The store forgets cancellations that it acknowledged.</summary>
    ForgottenCancellations = 12,
}

/// <summary>Carries a planted bug out.</summary>
internal sealed class Sabotage(PlantedBug bug, Random random)
{
    private const double Often = 0.4;

    public bool KeepsSecondOwners => bug == PlantedBug.SecondOwners;

    public bool Loses(object message) =>
        (bug == PlantedBug.LostHeartbeats && message is Heartbeat)
        || (bug == PlantedBug.LostOrders && message is Reassign)
        || (bug == PlantedBug.LostGrants && (message is WakeWorker || (message is LeasesGranted && random.Next(2) == 0)));

    /// <summary>A message as it arrives.</summary>
    public object Arriving(object message) =>
        bug == PlantedBug.StrippedHeartbeats && message is Heartbeat heartbeat ? heartbeat with { Held = [] } : message;

    public bool Forgets(IStoredEvent @event) => bug != PlantedBug.None && Matches(@event) && random.NextDouble() < Often;

    private bool Matches(IStoredEvent @event) => bug switch
    {
        PlantedBug.ForgottenTasks => @event is TasksAccepted,
        PlantedBug.ForgottenCompletions => @event is TasksCompleted,
        PlantedBug.ForgottenCancellations => @event is TasksCancelled,
        PlantedBug.ForgottenLeases => @event is TasksLeased,
        PlantedBug.ForgottenReassignments => @event is TaskReassigned,
        PlantedBug.ForgottenBreakers => @event is WorkerBreakerChanged or WorkerFailureRecorded { Breaker: not null },
        PlantedBug.ForgottenScores => @event is WorkerFailureRecorded,
        _ => false,
    };
}
