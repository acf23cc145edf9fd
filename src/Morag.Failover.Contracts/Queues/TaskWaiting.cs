using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Contracts.Queues;

/// <summary>Why a task does not run, from the live state.</summary>
public enum WaitReason
{
    /// <summary>It does not wait: a worker runs it, or it has finished.</summary>
    None = 0,

    /// <summary>Its retry delay has not ended.</summary>
    Backoff = 1,

    /// <summary>Only one worker may lease it for now.</summary>
    Pinned = 2,

    /// <summary>A failover decision about it is pending.</summary>
    Deciding = 3,

    /// <summary>It waits for an operator.</summary>
    Parked = 4,

    /// <summary>The node does not define its queue.</summary>
    UndefinedQueue = 5,

    /// <summary>No live worker serves its queue.</summary>
    UnservedQueue = 6,

    /// <summary>Live workers serve its queue, but none meets its needs.</summary>
    NoCapableWorker = 7,

    /// <summary>Workers could run it, but all of them drain, have an open breaker, report an error or are suspect.</summary>
    WorkersUnavailable = 8,

    /// <summary>Other tasks of its queue come first.</summary>
    Behind = 9,

    /// <summary>It is next, but no worker that can run it has asked for more work.</summary>
    WorkersBusy = 10,

    /// <summary>The owner of the queue has just started and does not know the workers yet.</summary>
    WorkersUnknown = 11,

    /// <summary>An operator paused its queue.</summary>
    QueuePaused = 12,
}

/// <summary>Why a task does not run: one sentence, and the facts behind it.</summary>
[ProtoContract]
public sealed record TaskWaiting
{
    /// <summary>The reason.</summary>
    [ProtoMember(1)] public WaitReason Reason { get; init; }

    /// <summary>The reason in one sentence.</summary>
    [ProtoMember(2)] public required string Sentence { get; init; }

    /// <summary>When the delay or the pin ends, or when a lost worker loses the task; null if the reason is another.</summary>
    [ProtoMember(3)] public DateTimeOffset? Until { get; init; }

    /// <summary>The worker that runs the task, or that it is pinned to.</summary>
    [ProtoMember(4)] public WorkerId? WorkerId { get; init; }

    /// <summary>The tasks of higher priority that come first; null if that is not the reason.</summary>
    [ProtoMember(5)] public int? HigherPriorityAhead { get; init; }

    /// <summary>The older tasks of the same priority that come first; null if that is not the reason.</summary>
    [ProtoMember(6)] public int? OlderAhead { get; init; }

    /// <summary>
    /// The available workers that can run the task, or a few more, because machines of one kind are counted with the largest of them; null
    /// if the reason does not depend on workers.
    /// </summary>
    [ProtoMember(7)] public int? CapableWorkers { get; init; }

    /// <summary>The workers that can run the task but are not available, counted likewise.</summary>
    [ProtoMember(8)] public int? UnavailableWorkers { get; init; }

    /// <summary>What the nearest worker lacks; null unless no worker is capable.</summary>
    [ProtoMember(9)] public string? NearestMiss { get; init; }

    /// <summary>The queue to which the task moves if nothing changes; null if it stays.</summary>
    [ProtoMember(10)] public QueueName? MovesTo { get; init; }

    /// <summary>When it moves.</summary>
    [ProtoMember(11)] public DateTimeOffset? MovesAt { get; init; }
}
