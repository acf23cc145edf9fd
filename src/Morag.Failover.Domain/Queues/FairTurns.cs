namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Whose turn it is between the queues that one worker serves: each lease moves its queue's next turn on by 1 / weight, and the
/// earliest turn comes first. So service goes by weight, no queue starves, and one that was idle gets no credit for it
/// (start-time fair queueing: Goyal, Vin, Cheng 1997).
/// </summary>
public sealed record FairTurns
{
    /// <summary>No queue had a turn.</summary>
    public static readonly FairTurns Start = new();

    /// <summary>The turn that was served last.</summary>
    public double Now { get; init; }

    /// <summary>The next turn of each queue that was served.</summary>
    public ImmutableDictionary<QueueName, double> Next { get; init; } = ImmutableDictionary<QueueName, double>.Empty;

    /// <summary>The turn that a queue has.</summary>
    public double TurnOf(QueueName queue) => Math.Max(Now, Next.GetValueOrDefault(queue));

    /// <summary>The turns after a queue was served.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="cost">1 / weight.</param>
    public FairTurns Served(QueueName queue, double cost)
    {
        var turn = TurnOf(queue);
        return new FairTurns { Now = turn, Next = Next.SetItem(queue, turn + cost) };
    }
}
