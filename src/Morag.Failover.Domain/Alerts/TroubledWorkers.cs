namespace Morag.Failover.Domain.Alerts;

/// <summary>Asks a bucket of the directory for the workers that are not well. Reply: <see cref="TroubledWorkers"/>.</summary>
[ProtoContract(Name = "get-troubled-workers")]
public sealed record GetTroubledWorkers : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }
}

/// <summary>The workers of one bucket that are lost, have an open breaker, or were lost within the last hour.</summary>
[ProtoContract(Name = "troubled-workers")]
public sealed record TroubledWorkers : IWireMessage
{
    /// <summary>The workers, ordered by id; at most <see cref="MaxWorkers"/>.</summary>
    [ProtoMember(1)] public ImmutableArray<TroubledWorker> Workers { get; init; } = [];

    /// <summary>Whether some are left out because there are too many.</summary>
    [ProtoMember(2)] public bool HasMore { get; init; }

    /// <summary>The most workers in one reply.</summary>
    public const int MaxWorkers = 5_000;
}

/// <summary>A worker that is not well.</summary>
[ProtoContract]
public sealed record TroubledWorker
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Whether it is lost. A worker that drains, or that an operator declared offline, is not.</summary>
    [ProtoMember(2)] public bool IsLost { get; init; }

    /// <summary>Whether its breaker is open.</summary>
    [ProtoMember(3)] public bool BreakerIsOpen { get; init; }

    /// <summary>How often it was lost in the last hour while it held tasks.</summary>
    [ProtoMember(4)] public int LossesInHour { get; init; }
}
