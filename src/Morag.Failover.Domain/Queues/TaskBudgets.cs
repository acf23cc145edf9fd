using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Queues;

/// <summary>What the task's failures have used up. An operator's requeue resets it.</summary>
[ProtoContract]
public sealed record TaskBudgets
{
    public static readonly TaskBudgets Unused = new();

    [ProtoMember(1)] public int Failures { get; init; }

    /// <summary>Failures that are the task's own.</summary>
    [ProtoMember(2)] public int OwnFailures { get; init; }

    /// <summary>Failures of workers and networks.</summary>
    [ProtoMember(3)] public int FleetFailures { get; init; }

    [ProtoMember(4)] public int Reassignments { get; init; }

    /// <summary>Rungs of the quality ladder used.</summary>
    [ProtoMember(5)] public int QualityRung { get; init; }

    /// <summary>The worker of the current series of retries.</summary>
    [ProtoMember(6)] public WorkerId? RetriedOn { get; init; }

    /// <summary>The retries in that series, by failure type.</summary>
    [ProtoMember(7)] public ImmutableArray<RetryCount> Retries { get; init; } = [];
}

/// <summary>Retries on the same worker after one type of failure.</summary>
[ProtoContract]
public sealed record RetryCount
{
    [ProtoMember(1)] public FailureType FailureType { get; init; }
    [ProtoMember(2)] public int Count { get; init; }
}
