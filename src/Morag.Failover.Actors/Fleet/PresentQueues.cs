using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Fleet;

/// <summary>
/// The current incarnation of each queue partition, learnt from the partitions' own requests. A worker whose interest was registered with
/// an earlier incarnation must be told: otherwise nothing would wake it before it renews its interest.
/// </summary>
internal sealed class PresentQueues(int partitions)
{
    private readonly long?[] runs = new long?[partitions];

    /// <summary>The known incarnations.</summary>
    public ImmutableArray<QueueIncarnation> All =>
    [
        .. from partition in Enumerable.Range(0, runs.Length)
           let run = runs[partition]
           where run is not null
           select new QueueIncarnation { Partition = partition, Incarnation = run.Value },
    ];

    /// <summary>Records the incarnation of a partition.</summary>
    public void Record(QueueIncarnation queue)
    {
        if (queue.Partition >= 0 && queue.Partition < runs.Length)
        {
            runs[queue.Partition] = queue.Incarnation;
        }
    }

    /// <summary>Whether a worker's interest is registered with other incarnations. False while an incarnation is unknown here.</summary>
    public bool DifferFrom(WorkerSeen hint)
    {
        long present = 0;
        foreach (var partition in hint.InterestIn)
        {
            if (partition < 0 || partition >= runs.Length || runs[partition] is not { } run)
            {
                return false;
            }

            present ^= run;
        }

        return present != hint.InterestIncarnations;
    }
}
