using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// The outcomes that a worker's entity is owed. A batch's content never changes once it has a number, also not over a crash: the
/// first outcomes after a pause are a batch at once; those that end while a batch is under way gather, and are the next one when
/// that is acknowledged. Both are events, so replay forms the same batches.
/// </summary>
public sealed record Outbox
{
    /// <summary>The most outcomes in one batch, for the size of a message.</summary>
    public const int MaxBatch = 1000;

    /// <summary>So many gathered outcomes are worth a write of their own to begin the next batch.</summary>
    private const int WorthAWrite = 100;

    /// <summary>Nothing owed.</summary>
    public static readonly Outbox Empty = new();

    /// <summary>The number of the last batch that was formed; 0 before the first.</summary>
    public long Number { get; init; }

    /// <summary>The batch under way; empty where none is.</summary>
    public ImmutableArray<LeaseOutcome> Batch { get; init; } = [];

    /// <summary>What gathers for the next one.</summary>
    public ImmutableQueue<LeaseOutcome> Gathering { get; init; } = ImmutableQueue<LeaseOutcome>.Empty;

    /// <summary>How many gather.</summary>
    public int GatheringCount { get; init; }

    /// <summary>Whether a batch is under way.</summary>
    public bool IsUnderWay => !Batch.IsEmpty;

    /// <summary>Whether so much gathers that the acknowledgement of the batch under way should not wait for others.</summary>
    public bool IsPressing => GatheringCount >= WorthAWrite;

    /// <summary>The outbox with the outcomes of one event.</summary>
    public Outbox Owe(List<LeaseOutcome> outcomes)
    {
        var gathering = Gathering;
        foreach (var outcome in outcomes)
        {
            gathering = gathering.Enqueue(outcome);
        }

        var owed = this with { Gathering = gathering, GatheringCount = GatheringCount + outcomes.Count };
        return IsUnderWay ? owed : owed.NextBatch();
    }

    /// <summary>The outbox after a batch was taken; another number changes nothing.</summary>
    public Outbox Acknowledge(long number) =>
        IsUnderWay && number == Number ? (this with { Batch = [] }).NextBatch() : this;

    private Outbox NextBatch()
    {
        if (Gathering.IsEmpty)
        {
            return this;
        }

        var batch = ImmutableArray.CreateBuilder<LeaseOutcome>();
        var rest = Gathering;
        while (!rest.IsEmpty && batch.Count < MaxBatch)
        {
            rest = rest.Dequeue(out var outcome);
            batch.Add(outcome);
        }

        return this with { Number = Number + 1, Batch = batch.ToImmutable(), Gathering = rest, GatheringCount = GatheringCount - batch.Count };
    }
}
