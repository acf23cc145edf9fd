using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// The interest of this worker that the queue partitions have registered, as far as its entity knows. A waiting call skips a partition that
/// has registered the interest and had no work: the partition notifies the worker when work arrives.
/// </summary>
/// <param name="partitions">The number of partitions.</param>
/// <param name="keptFor">How long a partition keeps an interest.</param>
/// <param name="renewed">The longest time between renewals.</param>
/// <param name="chance">Draws the jitter of renewals.</param>
internal sealed class StandingInterest(int partitions, TimeSpan keptFor, TimeSpan renewed, Random chance)
{
    /// <summary>The most distinct requests remembered per partition. Other requests ask the partition.</summary>
    private const int MostWishes = 16;

    /// <summary>The jitter of renewals, as a part of the time between them.</summary>
    private const double Spread = 0.2;

    private readonly Kept?[] kept = new Kept?[partitions];

    /// <summary>How long a partition keeps an interest.</summary>
    public TimeSpan KeptFor => keptFor;

    /// <summary>When the first renewal is due.</summary>
    public DateTimeOffset? RenewAt
    {
        get
        {
            DateTimeOffset? first = null;
            foreach (var interest in kept)
            {
                first = interest is not null && !(first <= interest.RenewAt) ? interest.RenewAt : first;
            }

            return first;
        }
    }

    /// <summary>
    /// Whether a call with this wish, when all that wait want so many leases together, would learn nothing from a partition.
    /// </summary>
    public bool Covers(int partition, ImmutableArray<QueueName> wish, int wanted, DateTimeOffset now) =>
        kept[partition] is { } interest
        && interest.Until > now
        && interest.Interest.MaxTasks >= wanted
        && interest.Wishes.Exists(each => each.AsSpan().SequenceEqual(wish.AsSpan()));

    /// <summary>Removes the interest of a partition that is about to be asked, because the partition removes it too.</summary>
    /// <returns>The requests for which it had no work.</returns>
    public List<ImmutableArray<QueueName>> Release(int partition)
    {
        var wishes = kept[partition]?.Wishes ?? [];
        kept[partition] = null;
        return wishes;
    }

    /// <summary>Records that a partition had no work for a question and registered the interest in it.</summary>
    public void Record(LeaseDemand.Question question, LeaseInterest interest, long incarnation, DateTimeOffset now)
    {
        // A call that does not wait may name queues outside the interest. The partition does not report new work in those.
        var wishes = question.NothingBefore
            .Where(before => !before.AsSpan().SequenceEqual(question.Wish.AsSpan()))
            .Prepend(question.Wish)
            .Where(wish => IsIn(wish, interest, question.InterestInAll));
        kept[question.Partition] = new Kept(
            interest,
            [.. wishes.Take(MostWishes)],
            incarnation,
            now + keptFor,
            now + (renewed * (1 - (Spread * chance.NextDouble()))));
    }

    /// <summary>Removes the interest of a partition.</summary>
    public void Forget(int partition) => kept[partition] = null;

    /// <summary>Removes the interest of all partitions, because the worker was fenced or registered again.</summary>
    public void ForgetAll() => Array.Clear(kept);

    /// <summary>The partitions whose interest is due for renewal. Each is returned once.</summary>
    public List<int> RenewDue(DateTimeOffset now)
    {
        var due = Where(interest => interest.RenewAt <= now).ToList();
        due.ForEach(partition =>
        {
            // An expired interest that could not be renewed, because the worker has no room, is dropped: the next call asks anyway.
            var interest = kept[partition]!;
            kept[partition] = interest.Until <= now ? null : interest with { RenewAt = interest.Until };
        });
        return due;
    }

    /// <summary>Whether a partition has registered the interest.</summary>
    public bool IsKeptBy(int partition) => kept[partition] is not null;

    /// <summary>
    /// The partitions that account for leases of others: they think that there is less room than there is once one of these ends.
    /// </summary>
    public IEnumerable<int> LimitedByOtherPartitions() => Where(interest => interest.Interest.Queues.Any(queue => queue.HeldElsewhere > 0));

    /// <summary>The partitions that have restarted since they confirmed that they keep the interest.</summary>
    public IEnumerable<int> Restarted(ImmutableArray<QueueIncarnation> present) =>
        from queue in present
        where queue.Partition >= 0
            && queue.Partition < partitions
            && kept[queue.Partition] is { } interest
            && interest.Incarnation != queue.Incarnation
        select queue.Partition;

    /// <summary>The partitions that have registered the interest, and the exclusive or of their incarnations.</summary>
    public (ImmutableArray<int> Partitions, long Incarnations) Known()
    {
        var all = Where(_ => true).ToImmutableArray();
        return (all, all.Aggregate(0L, (sum, partition) => sum ^ kept[partition]!.Incarnation));
    }

    private IEnumerable<int> Where(Func<Kept, bool> which)
    {
        for (var partition = 0; partition < partitions; partition++)
        {
            if (kept[partition] is { } interest && which(interest))
            {
                yield return partition;
            }
        }
    }

    /// <summary>
    /// Whether an interest is in what such a call may get, too; one that names no queues wants all that the worker serves.
    /// </summary>
    private static bool IsIn(ImmutableArray<QueueName> wish, LeaseInterest interest, bool inAll) =>
        inAll || (!wish.IsEmpty && wish.All(queue => interest.Queues.Any(room => room.Queue == queue)));

    private sealed record Kept(
        LeaseInterest Interest, List<ImmutableArray<QueueName>> Wishes, long Incarnation, DateTimeOffset Until, DateTimeOffset RenewAt);
}
