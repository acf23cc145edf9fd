using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Node.Http.Scaling;

/// <summary>How much work there is, and which workers are not needed.</summary>
internal sealed record ScaleAnswer
{
    /// <summary>How far ahead delayed tasks count as coming due.</summary>
    public required double WithinSeconds { get; init; }

    /// <summary>The work of each queue.</summary>
    public required ImmutableArray<QueueScale> Queues { get; init; }

    /// <summary>The work of all queues that workers of a capability serve. Hybrid workers serve both.</summary>
    public required ImmutableArray<CapabilityScale> Capabilities { get; init; }

    /// <summary>The alive workers by capability.</summary>
    public required ImmutableArray<WorkerScale> Workers { get; init; }
}

/// <summary>An amount of work.</summary>
internal abstract record WorkScale
{
    /// <summary>Whether GPU or CPU workers serve it.</summary>
    [JsonPropertyOrder(-1)] public required WorkerCapability Capability { get; init; }

    /// <summary>Tasks that wait for a worker.</summary>
    public required int Queued { get; init; }

    /// <summary>Tasks that workers hold.</summary>
    public required int Leased { get; init; }

    /// <summary>Delayed tasks whose delay ends within the time asked for.</summary>
    public required int ComingDue { get; init; }

    /// <summary>Tasks whose failure is being decided.</summary>
    public required int Deciding { get; init; }

    /// <summary>
    /// The number of task slots that would be busy if there were enough: all of these, and of a paused queue those that workers hold.
    /// </summary>
    public required int Demand { get; init; }

    /// <summary>How long the longest waiting queued task has waited; 0 if none waits.</summary>
    public required double OldestSeconds { get; init; }
}

/// <summary>The work of one queue.</summary>
internal sealed record QueueScale : WorkScale
{
    /// <summary>The queue.</summary>
    [JsonPropertyOrder(-2)] public required QueueName Queue { get; init; }

    /// <summary>Whether an operator has paused it.</summary>
    [JsonPropertyOrder(1)] public required bool Paused { get; init; }
}

/// <summary>The work for workers of one capability.</summary>
internal sealed record CapabilityScale : WorkScale;

/// <summary>The alive workers of one capability.</summary>
internal sealed record WorkerScale
{
    /// <summary>The capability.</summary>
    public required WorkerCapability Capability { get; init; }

    /// <summary>Alive workers.</summary>
    public required int Alive { get; init; }

    /// <summary>Those of them that get new tasks: they are not draining, and their breaker is not open.</summary>
    public required int Available { get; init; }

    /// <summary>Those that hold no task and may get one at any moment: drain one before you stop it.</summary>
    public required ImmutableArray<WorkerId> Idle { get; init; }

    /// <summary>Those that are draining and hold no task.</summary>
    public required ImmutableArray<WorkerId> SafeToStop { get; init; }
}
