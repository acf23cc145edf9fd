using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Workers;

/// <summary>A live gateway holds a session of this worker; its sender gets the <see cref="ISessionSignal"/>s. Answer: <see cref="Done"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "open-session")]
public sealed record OpenSession : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Names this connection.</summary>
    [ProtoMember(2)] public required string SessionId { get; init; }

    /// <summary>Which start of the process opened it.</summary>
    [ProtoMember(3)] public InstanceId? InstanceId { get; init; }
}

/// <summary>A session ended, seen by a gateway that is alive and not stopping: a sign of trouble. No answer.</summary>
[ProtoContract(Name = "session-broken")]
public sealed record SessionBroken : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The connection that ended.</summary>
    [ProtoMember(2)] public required string SessionId { get; init; }
}

/// <summary>What a worker's entity tells the worker's open session. A hint: the answer to the next heartbeat says the same.</summary>
public interface ISessionSignal : IWireMessage;

/// <summary>A lease was taken away.</summary>
[ProtoContract(Name = "lease-revoked")]
public sealed record LeaseRevoked : ISessionSignal
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease's epoch.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>Why, in words.</summary>
    [ProtoMember(3)] public required string Reason { get; init; }
}

/// <summary>The worker drains: it gets no new tasks.</summary>
[ProtoContract(Name = "drain-signal")]
public sealed record DrainSignal : ISessionSignal
{
    /// <summary>Why.</summary>
    [ProtoMember(1)] public required string Reason { get; init; }

    /// <summary>When what it still holds is taken back.</summary>
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

/// <summary>Another instance of this worker registered, or another session of it was opened: this one is over.</summary>
[ProtoContract(Name = "superseded-signal")]
public sealed record SupersededSignal : ISessionSignal;
