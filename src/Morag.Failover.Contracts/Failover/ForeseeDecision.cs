using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Failover;

/// <summary>
/// Asks what would be decided if a task failed now. Nothing is stored, counted or carried out. Answer: <see cref="FailoverDecision"/> with
/// the outcome <see cref="DecisionOutcome.Advised"/>, or <see cref="Refused"/>.
/// </summary>
[ProtoContract(Name = "foresee-decision")]
public sealed record ForeseeDecision : ITaskMessage
{
    /// <summary>
    /// The task. A task that no queue holds is judged by its reported failures alone, or as a new task of <see cref="Queue"/>.
    /// </summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>What would fail.</summary>
    [ProtoMember(2)] public required FailureType FailureType { get; init; }

    /// <summary>The worker on which it would fail; null for the holder of the task's lease, if it has one.</summary>
    [ProtoMember(3)] public WorkerId? WorkerId { get; init; }

    /// <summary>The queue of a task that no queue holds; null for a task that is in no queue here.</summary>
    [ProtoMember(4)] public QueueName? Queue { get; init; }
}
