namespace Morag.Failover.History;

/// <summary>
/// Something that clients saw, that was stored, or that happened to a worker. Ids are texts, so that any tool can record it.
/// </summary>
/// <param name="At">When it happened, on the clock of the recorder, from the start of the history.</param>
public abstract record Happening(TimeSpan At);

/// <summary>A client was told that its task is accepted.</summary>
public sealed record SubmissionAcknowledged(TimeSpan At, string Task) : Happening(At);

/// <summary>An operator was told that a task is cancelled.</summary>
public sealed record CancellationAcknowledged(TimeSpan At, string Task) : Happening(At);

/// <summary>The start of a lease was stored.</summary>
public sealed record LeaseStored(TimeSpan At, string Partition, string Task, long Epoch, string Worker) : Happening(At);

/// <summary>The end of a lease was stored.</summary>
/// <param name="At">When it was stored.</param>
/// <param name="Task">The task.</param>
/// <param name="Epoch">The epoch of the lease.</param>
/// <param name="IsLoss">Whether it ended because the worker was taken for lost, or because the lease was taken for undelivered.</param>
public sealed record LeaseEndStored(TimeSpan At, string Task, long Epoch, bool IsLoss = false) : Happening(At);

/// <summary>A worker stopped work on a lease because it was told that the lease is not its own any more.</summary>
public sealed record LeaseDropped(TimeSpan At, string Task, long Epoch, string Worker) : Happening(At);

/// <summary>A worker started as a new instance, which holds nothing.</summary>
public sealed record WorkerStarted(TimeSpan At, string Worker) : Happening(At);

/// <summary>A lease reached its worker.</summary>
public sealed record LeaseReceived(TimeSpan At, string Task, long Epoch, string Worker) : Happening(At);

/// <summary>A lease left the entity of its worker for the worker.</summary>
/// <param name="At">When it left.</param>
/// <param name="Task">The task.</param>
/// <param name="Epoch">The epoch of the lease.</param>
/// <param name="Worker">The worker.</param>
/// <param name="IsRepeat">Whether it answers a call that the worker repeated, whose answer may have been lost.</param>
public sealed record LeaseHandedOut(TimeSpan At, string Task, long Epoch, string Worker, bool IsRepeat = false) : Happening(At);

/// <summary>A worker was told that its completion counts.</summary>
/// <param name="At">When it was told.</param>
/// <param name="AskedAt">When it first sent the completion.</param>
/// <param name="Task">The task.</param>
/// <param name="Epoch">The epoch of its lease.</param>
/// <param name="Worker">The worker.</param>
public sealed record CompletionAccepted(TimeSpan At, TimeSpan AskedAt, string Task, long Epoch, string Worker) : Happening(At);

/// <summary>A decision about a failure was stored.</summary>
public sealed record DecisionStored(TimeSpan At, string Failure, string Task) : Happening(At);

/// <summary>A queue stored that it carried out a decision.</summary>
public sealed record DecisionCarriedOutStored(TimeSpan At, string Failure, string Task) : Happening(At);

/// <summary>A worker's breaker opened, and everybody could know it.</summary>
public sealed record BreakerOpened(TimeSpan At, string Worker) : Happening(At);

/// <summary>A worker's breaker closed, or lets probes through.</summary>
public sealed record BreakerEased(TimeSpan At, string Worker) : Happening(At);

/// <summary>
/// It was stored that a worker loses all leases that it holds: an operator, the deadline of a drain or the worker itself ended them. The
/// queues store that later.
/// </summary>
public sealed record LeasesRecalled(TimeSpan At, string Worker) : Happening(At);

/// <summary>A worker could reach a live node from now on, and was alive; or not any more.</summary>
public sealed record WorkerReach(TimeSpan At, string Worker, bool ReachesNode) : Happening(At);

/// <summary>A worker was declared lost for its silence, and the loss counts against it.</summary>
public sealed record WorkerDeclaredLost(TimeSpan At, string Worker, string Why) : Happening(At);

/// <summary>An event that a statistic counts was stored.</summary>
public sealed record EventCounted(TimeSpan At, string Statistic, int By = 1) : Happening(At);

/// <summary>A statistic as it was read at the end.</summary>
/// <param name="At">When the answer came.</param>
/// <param name="AskedAt">When it was asked for.</param>
/// <param name="Statistic">Its name.</param>
/// <param name="Value">Its value.</param>
public sealed record StatisticRead(TimeSpan At, TimeSpan AskedAt, string Statistic, long Value) : Happening(At);

/// <summary>The last fault ended, and every node that will run again runs.</summary>
public sealed record FaultsEnded(TimeSpan At) : Happening(At);

/// <summary>A task as it was read at the end.</summary>
/// <param name="At">When it was asked for. What happened later may show in it or not.</param>
/// <param name="Task">The task.</param>
/// <param name="State">Its state; null if nobody knows it.</param>
/// <param name="IsFinished">Whether it ended.</param>
/// <param name="WaitsFor">What it waits for, if it says so.</param>
public sealed record TaskReadAtEnd(TimeSpan At, string Task, string? State, bool IsFinished, string? WaitsFor) : Happening(At);
