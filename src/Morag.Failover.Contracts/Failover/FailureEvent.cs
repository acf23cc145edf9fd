using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Failover;

/// <summary>A failure that happened.</summary>
[ProtoContract]
public sealed record FailureEvent
{
    /// <summary>The reporter's name for it, or one derived from the failure.</summary>
    [ProtoMember(1)] public required EventId EventId { get; init; }

    /// <summary>The task.</summary>
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The worker it happened on, where one is known.</summary>
    [ProtoMember(3)] public WorkerId? WorkerId { get; init; }

    /// <summary>What failed.</summary>
    [ProtoMember(4)] public required FailureType FailureType { get; init; }

    /// <summary>When the system learned of it.</summary>
    [ProtoMember(5)] public DateTimeOffset OccurredAt { get; init; }

    /// <summary>What was said about it.</summary>
    [ProtoMember(6)] public string ErrorMessage { get; init; } = "";

    /// <summary>Whatever else the reporter gave.</summary>
    [ProtoMember(7)] public JsonText Context { get; init; } = JsonText.EmptyObject;

    /// <summary>Whether the chosen action was carried out.</summary>
    [ProtoMember(8)] public bool Resolved { get; init; }

    /// <summary>When it was carried out.</summary>
    [ProtoMember(9)] public DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>The strategy that was carried out.</summary>
    [ProtoMember(10)] public FailoverStrategy? ResolutionStrategy { get; init; }
}
