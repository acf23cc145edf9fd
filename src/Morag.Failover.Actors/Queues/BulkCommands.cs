using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Actors.Queues;

/// <summary>A call for many tasks on its way through them: a piece at a time, with other messages in between.</summary>
/// <param name="Command">The call.</param>
/// <param name="Tasks">The tasks that matched when it came.</param>
/// <param name="ReplyTo">Who called.</param>
/// <param name="Next">The first task not looked at yet.</param>
/// <param name="Count">The tasks changed so far.</param>
internal sealed record BulkUnderWay(IPartitionMessage Command, List<TaskId> Tasks, IActorRef ReplyTo, int Next = 0, int Count = 0)
    : INoSerializationVerificationNeeded
{
    /// <summary>The tasks of one event.</summary>
    public const int Piece = 500;

    private const int SampleSize = 100;

    /// <summary>The tasks to look at now.</summary>
    public List<TaskId> Present => Tasks.GetRange(Next, Math.Min(Piece, Tasks.Count - Next));

    /// <summary>Whether all tasks were looked at.</summary>
    public bool IsOver => Next >= Tasks.Count;

    /// <summary>The answer to a call that changed <paramref name="count"/> tasks.</summary>
    public TasksAffected Affected(int count) => new() { Count = count, Sample = [.. Tasks.Take(SampleSize)] };
}
