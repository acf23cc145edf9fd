namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Divides a worker's leases between its queues by weight: each lease moves its queue's next turn forward by 1 / weight, and the queue with
/// the earliest turn is served next. No queue starves, and an idle queue earns no credit (start-time fair queueing: Goyal, Vin, Cheng
/// 1997).
/// </summary>
public sealed record FairTurns
{
    /// <summary>No queue has been served yet.</summary>
    public static readonly FairTurns Start = new();

    /// <summary>The turn that was served last.</summary>
    public double Now { get; init; }

    /// <summary>The next turn of each queue that has been served.</summary>
    public ImmutableDictionary<QueueName, double> Next { get; init; } = ImmutableDictionary<QueueName, double>.Empty;

    public double TurnOf(QueueName queue) => Math.Max(Now, Next.GetValueOrDefault(queue));

    /// <summary>Records that a queue was served.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="cost">1 / weight of the queue.</param>
    public FairTurns Served(QueueName queue, double cost)
    {
        var turn = TurnOf(queue);
        return new FairTurns { Now = turn, Next = Next.SetItem(queue, turn + cost) };
    }
}
