using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Workers;

/// <summary>
/// A live gateway holds a session of this worker; its sender gets the <see cref="ISessionSignal"/>s. Answer:
/// <see cref="SessionWatched"/> if it has a <see cref="Watch"/>, otherwise <see cref="Done"/>, or <see cref="Refused"/>, such as when the
/// worker has opened a later session.
/// </summary>
[ProtoContract(Name = "open-session")]
public sealed record OpenSession : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The id of the connection.</summary>
    [ProtoMember(2)] public required string SessionId { get; init; }

    /// <summary>The instance that opened it.</summary>
    [ProtoMember(3)] public InstanceId? InstanceId { get; init; }

    /// <summary>What the gateway has heard of the worker in this session; null if the session carries no beats.</summary>
    [ProtoMember(4)] public SessionWatch? Watch { get; init; }

    /// <summary>
    /// The worker's own number of the session, which grows with each attempt of the instance to open one; 0 if the worker does not count.
    /// A later session replaces an earlier one, in whatever order the gateways announce them.
    /// </summary>
    [ProtoMember(5)] public long Ordinal { get; init; }
}

/// <summary>
/// A gateway's observation of the beats in one session. The gateway repeats it when the worker falls silent, when it is heard again, and
/// once a minute. In between, the gateway's beats to other nodes say in which sessions it hears something.
/// </summary>
[ProtoContract]
public sealed record SessionWatch
{
    /// <summary>The run of the gateway's process that the number belongs to.</summary>
    [ProtoMember(1)] public required long Era { get; init; }

    /// <summary>The number of the session in the gateway's beats. It names no other session for five minutes after this one ends.</summary>
    [ProtoMember(2)] public required int Number { get; init; }

    /// <summary>How many beats have arrived in the session.</summary>
    [ProtoMember(3)] public long Beats { get; init; }

    /// <summary>How long ago the last one arrived, or the session was opened.</summary>
    [ProtoMember(4)] public TimeSpan SilentFor { get; init; }

    /// <summary>The mean interval of the beats in seconds; null until there are enough of them.</summary>
    [ProtoMember(5)] public double? MeanSeconds { get; init; }

    /// <summary>The standard deviation of the interval in seconds.</summary>
    [ProtoMember(6)] public double DeviationSeconds { get; init; }

    /// <summary>The last intervals in milliseconds, oldest first, at most <see cref="HeartbeatReport.MaxIntervals"/>.</summary>
    [ProtoMember(7)] public ImmutableArray<int> Intervals { get; init; } = [];
}

/// <summary>
/// The worker's entity follows the beats of this session through the gateway. A node of an older version answers otherwise.
/// </summary>
[ProtoContract(Name = "session-watched")]
public sealed record SessionWatched : IWireMessage
{
    /// <summary>The one instance.</summary>
    public static readonly SessionWatched Instance = new();
}

/// <summary>A session broke while its gateway was alive and not stopping. No reply.</summary>
[ProtoContract(Name = "session-broken")]
public sealed record SessionBroken : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The connection that ended.</summary>
    [ProtoMember(2)] public required string SessionId { get; init; }
}

/// <summary>
/// A message to the worker's open session. It may get lost: the reply to the next heartbeat carries the same information.
/// </summary>
public interface ISessionSignal : IWireMessage;

/// <summary>A lease was revoked.</summary>
[ProtoContract(Name = "lease-revoked")]
public sealed record LeaseRevoked : ISessionSignal
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease's epoch.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(3)] public required string Reason { get; init; }
}

/// <summary>The deadline of a lease was moved.</summary>
[ProtoContract(Name = "deadline-signal")]
public sealed record DeadlineSignal : ISessionSignal
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease's epoch.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>When the lease times out now, by the cluster's clock.</summary>
    [ProtoMember(3)] public required DateTimeOffset Deadline { get; init; }
}

/// <summary>The worker is draining and gets no new tasks.</summary>
[ProtoContract(Name = "drain-signal")]
public sealed record DrainSignal : ISessionSignal
{
    /// <summary>Why.</summary>
    [ProtoMember(1)] public required string Reason { get; init; }

    /// <summary>When leases still held are given back; null if there is no deadline.</summary>
    [ProtoMember(2)] public DateTimeOffset? Deadline { get; init; }
}

/// <summary>The worker gets tasks again.</summary>
[ProtoContract(Name = "resume-signal")]
public sealed record ResumeSignal : ISessionSignal;

/// <summary>The worker's breaker changed.</summary>
[ProtoContract(Name = "breaker-signal")]
public sealed record BreakerSignal : ISessionSignal
{
    /// <summary>Its state.</summary>
    [ProtoMember(1)] public required BreakerState State { get; init; }

    /// <summary>Until when it is open.</summary>
    [ProtoMember(2)] public DateTimeOffset? Until { get; init; }
}

/// <summary>Another instance of this worker registered, or opened a session. This session is closed.</summary>
[ProtoContract(Name = "superseded-signal")]
public sealed record SupersededSignal : ISessionSignal;
