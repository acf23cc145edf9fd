using System.Collections.Immutable;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Actors.Queues;

/// <summary>A call for many tasks on its way through them: a piece at a time, with other messages in between.</summary>
/// <param name="Command">The call.</param>
/// <param name="Tasks">The tasks that matched when it came.</param>
/// <param name="ReplyTo">Who called.</param>
internal sealed record BulkCommand(IPartitionMessage Command, List<TaskId> Tasks, IActorRef ReplyTo) : INoSerializationVerificationNeeded
{
    /// <summary>The tasks of one event.</summary>
    public const int Piece = 500;

    private const int SampleSize = 100;

    /// <summary>The tasks to look at now.</summary>
    public List<TaskId> Present => Tasks.GetRange(Next, Math.Min(Piece, Tasks.Count - Next));

    /// <summary>Whether all tasks were looked at.</summary>
    public bool IsOver => Next >= Tasks.Count;

    /// <summary>The answer so far.</summary>
    public TasksAffected Affected { get; private init; } = new();

    private int Next { get; init; }

    /// <summary>The call after its present piece.</summary>
    /// <param name="changed">The tasks of the piece that were changed, or would be.</param>
    public BulkCommand After(ImmutableArray<TaskId> changed) => this with
    {
        Next = Next + Piece,
        Affected = new TasksAffected
        {
            Count = Affected.Count + changed.Length,
            Sample = [.. Affected.Sample, .. changed.Take(SampleSize - Affected.Sample.Length)],
        },
    };
}
