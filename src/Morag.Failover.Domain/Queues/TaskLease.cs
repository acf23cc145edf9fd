namespace Morag.Failover.Domain.Queues;

/// <summary>A lease of a task.</summary>
[ProtoContract]
public sealed record TaskLease
{
    [ProtoMember(1)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>Who holds or held the lease.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The instance that got the lease; null for workers that do not identify instances.</summary>
    [ProtoMember(3)] public InstanceId? InstanceId { get; init; }

    /// <summary>The call that the lease answered.</summary>
    [ProtoMember(4)] public RequestId? RequestId { get; init; }

    [ProtoMember(5)] public DateTimeOffset GrantedAt { get; init; }

    /// <summary>When the lease times out.</summary>
    [ProtoMember(6)] public DateTimeOffset Deadline { get; init; }

    /// <summary>The full time that was granted.</summary>
    [ProtoMember(7)] public TimeSpan Timeout { get; init; }

    /// <summary>Set while the worker is lost and the lease is still protected.</summary>
    [ProtoMember(8)] public PendingLoss? Loss { get; init; }

    /// <summary>Whether the lease was returned without blame.</summary>
    [ProtoMember(9)] public bool Returned { get; init; }

    /// <summary>The time added by extensions, on top of <see cref="Timeout"/>.</summary>
    [ProtoMember(10)] public TimeSpan Extended { get; init; }
}

/// <summary>A lost worker's lease ends when its protection is over, unless the worker comes back.</summary>
[ProtoContract]
public sealed record PendingLoss
{
    [ProtoMember(1)] public DateTimeOffset EndsAt { get; init; }

    /// <summary>How long the protection lasts, from the worker's last sign of life.</summary>
    [ProtoMember(2)] public TimeSpan Protection { get; init; }

    [ProtoMember(3)] public LossId? LossId { get; init; }

    /// <summary>Whom the loss counts against.</summary>
    [ProtoMember(4)] public LossBlame Blame { get; init; }

    [ProtoMember(5)] public string Reason { get; init; } = "";
}
