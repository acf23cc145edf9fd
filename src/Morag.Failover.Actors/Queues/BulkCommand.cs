using System.Collections.Immutable;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Actors.Queues;

/// <summary>A bulk call in progress: it handles some tasks at a time, so that other messages are handled in between.</summary>
/// <param name="Command">The call.</param>
/// <param name="Tasks">The tasks that matched when the call arrived.</param>
/// <param name="ReplyTo">The caller.</param>
internal sealed record BulkCommand(IPartitionMessage Command, List<TaskId> Tasks, IActorRef ReplyTo) : INoSerializationVerificationNeeded
{
    /// <summary>The most tasks in one event.</summary>
    public const int MostInOneEvent = 500;

    private const int SampleSize = 100;

    public List<TaskId> CurrentTasks => Tasks.GetRange(Next, Math.Min(MostInOneEvent, Tasks.Count - Next));

    /// <summary>Whether all tasks have been handled.</summary>
    public bool IsOver => Next >= Tasks.Count;

    /// <summary>The reply so far.</summary>
    public TasksAffected Affected { get; private init; } = new();

    private int Next { get; init; }

    /// <summary>Moves on to the next tasks.</summary>
    /// <param name="changed">The handled tasks that were changed, or would be in a dry run.</param>
    public BulkCommand After(ImmutableArray<TaskId> changed) => this with
    {
        Next = Next + MostInOneEvent,
        Affected = new TasksAffected
        {
            Count = Affected.Count + changed.Length,
            Sample = [.. Affected.Sample, .. changed.Take(SampleSize - Affected.Sample.Length)],
        },
    };
}
