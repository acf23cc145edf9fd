using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;

namespace Morag.Failover.Domain.Workers;

/// <summary>
/// Attributes failures to their task instead of the worker: they no longer count as consecutive, and a breaker that only they opened
/// closes. Reply, once durable: <see cref="FailuresExcused"/>. Idempotent.
/// </summary>
[ProtoContract(Name = "excuse-failures")]
public sealed record ExcuseFailures : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The task at fault.</summary>
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The failures.</summary>
    [ProtoMember(3)] public ImmutableArray<FailureId> Failures { get; init; } = [];
}

/// <summary>The failures no longer count as consecutive.</summary>
[ProtoContract(Name = "failures-excused")]
public sealed record FailuresExcused : ITaskMessage
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <inheritdoc />
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The failures.</summary>
    [ProtoMember(3)] public ImmutableArray<FailureId> Failures { get; init; } = [];
}
