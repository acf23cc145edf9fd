using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Workers;

/// <summary>
/// A live gateway holds a session of this worker; its sender gets the <see cref="ISessionSignal"/>s. Answer: <see cref="Done"/> or
/// <see cref="Refused"/>.
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
