using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>How far a task is, as its workers reported it. It outlives the lease, and its checkpoint is handed to the next one.</summary>
[ProtoContract]
public sealed record TaskProgress
{
    /// <summary>The part of the work that is done, 0 to 100; null if the lease did not report it.</summary>
    [ProtoMember(1)] public double? Percent { get; init; }

    /// <summary>What the worker was doing; null if the lease did not report it.</summary>
    [ProtoMember(2)] public string? Message { get; init; }

    /// <summary>When the newest report arrived that said something new.</summary>
    [ProtoMember(3)] public DateTimeOffset At { get; init; }

    /// <summary>The worker that reported.</summary>
    [ProtoMember(4)] public required WorkerId WorkerId { get; init; }

    /// <summary>The lease that reported.</summary>
    [ProtoMember(5)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>The attempt that reported, starting at 1.</summary>
    [ProtoMember(6)] public int Attempt { get; init; }

    /// <summary>Where the next attempt can continue; null without a checkpoint, and once the task has finished.</summary>
    [ProtoMember(7)] public JsonText? Checkpoint { get; init; }

    /// <summary>The lease that left the checkpoint.</summary>
    [ProtoMember(8)] public LeaseEpoch? CheckpointEpoch { get; init; }

    /// <summary>When the checkpoint was reported.</summary>
    [ProtoMember(9)] public DateTimeOffset? CheckpointAt { get; init; }
}
