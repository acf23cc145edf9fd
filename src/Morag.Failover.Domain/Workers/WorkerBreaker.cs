using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Workers;

/// <summary>What opened a breaker.</summary>
public enum BreakerCause
{
    /// <summary>Consecutive failures.</summary>
    Threshold = 0,

    /// <summary>The circuit_breaker strategy.</summary>
    Strategy = 1,

    /// <summary>An operator. The breaker stays open until an operator closes it.</summary>
    Operator = 2,
}

/// <summary>A lease whose outcome closes or reopens a half-open breaker.</summary>
[ProtoContract]
public sealed record BreakerProbe
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>When it was leased.</summary>
    [ProtoMember(3)] public DateTimeOffset LeasedAt { get; init; }
}

/// <summary>A worker's circuit breaker, as it is stored.</summary>
[ProtoContract]
public sealed record WorkerBreaker
{
    /// <summary>A closed breaker.</summary>
    public static readonly WorkerBreaker Closed = new();

    /// <summary>Its state.</summary>
    [ProtoMember(1)] public BreakerState State { get; init; }

    /// <summary>Until when it is open; null if it is not open, or if an operator opened it.</summary>
    [ProtoMember(2)] public DateTimeOffset? Until { get; init; }

    /// <summary>The last open time. The next one is twice as long.</summary>
    [ProtoMember(3)] public TimeSpan OpenFor { get; init; }

    /// <summary>What first opened it.</summary>
    [ProtoMember(4)] public BreakerCause Cause { get; init; }

    /// <summary>The failure that first opened it, if one did.</summary>
    [ProtoMember(5)] public FailureId? CauseFailure { get; init; }

    /// <summary>Why it is open.</summary>
    [ProtoMember(6)] public string? Reason { get; init; }

    /// <summary>Since when it is half-open.</summary>
    [ProtoMember(7)] public DateTimeOffset? HalfOpenSince { get; init; }

    /// <summary>The probes of a half-open breaker.</summary>
    [ProtoMember(8)] public ImmutableArray<BreakerProbe> Probes { get; init; } = [];
}
