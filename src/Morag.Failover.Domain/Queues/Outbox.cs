namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Outcomes that a worker's entity has not acknowledged. The content of a numbered batch never changes, even across a crash: the first
/// outcomes after a pause form a batch at once, and later ones wait until that batch is acknowledged. Both steps are events, so replay
/// forms the same batches.
/// </summary>
public sealed record Outbox
{
    /// <summary>The most outcomes in one batch, so that it fits a message.</summary>
    public const int MaxBatch = 1000;

    /// <summary>How many waiting outcomes justify a write of their own to start the next batch.</summary>
    private const int ManyWaiting = 100;

    public static readonly Outbox Empty = new();

    /// <summary>The number of the newest batch; 0 before the first.</summary>
    public long Number { get; init; }

    /// <summary>The batch in flight; empty if there is none.</summary>
    public ImmutableArray<LeaseOutcome> Batch { get; init; } = [];

    /// <summary>Outcomes that wait for the next batch.</summary>
    public ImmutableQueue<LeaseOutcome> Waiting { get; init; } = ImmutableQueue<LeaseOutcome>.Empty;

    public int WaitingCount { get; init; }

    /// <summary>Whether a batch is in flight.</summary>
    public bool IsInFlight => !Batch.IsEmpty;

    /// <summary>Whether so many outcomes wait that the acknowledgement of the batch in flight should be stored at once.</summary>
    public bool HasManyWaiting => WaitingCount >= ManyWaiting;

    /// <summary>Adds the outcomes of one event.</summary>
    public Outbox Add(List<LeaseOutcome> outcomes)
    {
        var waiting = Waiting;
        foreach (var outcome in outcomes)
        {
            waiting = waiting.Enqueue(outcome);
        }

        var added = this with { Waiting = waiting, WaitingCount = WaitingCount + outcomes.Count };
        return IsInFlight ? added : added.NextBatch();
    }

    /// <summary>Completes the batch in flight and forms the next one. Any other number changes nothing.</summary>
    public Outbox Acknowledge(long number) =>
        IsInFlight && number == Number ? (this with { Batch = [] }).NextBatch() : this;

    private Outbox NextBatch()
    {
        if (Waiting.IsEmpty)
        {
            return this;
        }

        var batch = ImmutableArray.CreateBuilder<LeaseOutcome>();
        var rest = Waiting;
        while (!rest.IsEmpty && batch.Count < MaxBatch)
        {
            rest = rest.Dequeue(out var outcome);
            batch.Add(outcome);
        }

        return this with { Number = Number + 1, Batch = batch.ToImmutable(), Waiting = rest, WaitingCount = WaitingCount - batch.Count };
    }
}
