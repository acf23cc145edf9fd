using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>
/// Reports how far a worker is with a task that it holds. The newest report counts: a field that is null keeps its last value. The reply is
/// <see cref="LeaseResults"/> with one entry, and <see cref="LeaseResult.Stored"/> says whether the report is durable.
/// </summary>
[ProtoContract(Name = "report-progress")]
public sealed record ReportProgress : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The lease's epoch.</summary>
    [ProtoMember(3)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>The part of the work that is done, 0 to 100; null keeps the last value of this lease.</summary>
    [ProtoMember(4)] public double? Percent { get; init; }

    /// <summary>
    /// What the worker is doing, at most <see cref="TaskLimits.MaxProgressMessageBytes"/> bytes; null keeps the last value of this lease.
    /// </summary>
    [ProtoMember(5)] public string? Message { get; init; }

    /// <summary>
    /// Where the next attempt can continue: any JSON of at most <see cref="TaskLimits.MaxCheckpointBytes"/> bytes and
    /// <see cref="JsonDepth.MaxOfValue"/> levels. Null keeps the last value, also that of an earlier lease.
    /// </summary>
    [ProtoMember(6)] public JsonText? Checkpoint { get; init; }
}
