using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;

namespace Morag.Failover.Domain.Workers;

/// <summary>
/// Asks a worker's entity for the evidence of its record about a task that the worker failed. Reply: <see cref="TestimonyReply"/>, to the
/// coordinator of the task.
/// </summary>
[ProtoContract(Name = "get-testimony")]
public sealed record GetTestimony : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The task.</summary>
    [ProtoMember(2)] public required TaskId TaskId { get; init; }
}

/// <summary>The reply to <see cref="GetTestimony"/>.</summary>
[ProtoContract(Name = "testimony-reply")]
public sealed record TestimonyReply : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The evidence.</summary>
    [ProtoMember(2)] public required Testimony Testimony { get; init; }
}

/// <summary>
/// The evidence of a worker's recent record about a task that it failed: how the worker did with other tasks at that time. A worker that
/// completes other tasks is evidence against the task; a worker that fails everything is not.
/// </summary>
[ProtoContract]
public sealed record Testimony
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The number of other tasks in its record that it completed.</summary>
    [ProtoMember(2)] public int Succeeded { get; init; }

    /// <summary>The number of other tasks in its record that it failed, without excused failures.</summary>
    [ProtoMember(3)] public int FailedOthers { get; init; }

    /// <summary>
    /// The chance that the worker would have failed a good task at that time, 0 to 1 (docs/decisions.md gives the formula).
    /// </summary>
    [ProtoMember(4)] public double ChanceOfFailingGoodTask { get; init; }

    /// <summary>The number of outcomes in its record after the failure. The more there are, the less the chance can still change.</summary>
    [ProtoMember(5)] public int OutcomesSince { get; init; }

    /// <summary>Whether its record still contains the failure.</summary>
    [ProtoMember(6)] public bool Remembers { get; init; }
}
