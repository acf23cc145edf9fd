using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Fleet;

/// <summary>
/// Which run of each queue partition is the present one, from the partitions' own questions. A worker whose interest is kept by an earlier
/// run is told so: otherwise nothing would wake it before it renews that interest.
/// </summary>
internal sealed class PresentQueues(int partitions)
{
    private readonly long?[] runs = new long?[partitions];

    /// <summary>The runs that are known.</summary>
    public ImmutableArray<QueueIncarnation> All =>
    [
        .. from partition in Enumerable.Range(0, runs.Length)
           let run = runs[partition]
           where run is not null
           select new QueueIncarnation { Partition = partition, Incarnation = run.Value },
    ];

    /// <summary>A run of a partition is heard of.</summary>
    public void Runs(QueueIncarnation queue)
    {
        if (queue.Partition >= 0 && queue.Partition < runs.Length)
        {
            runs[queue.Partition] = queue.Incarnation;
        }
    }

    /// <summary>Whether a worker's interest is kept by other runs. Not as long as the run of one of its partitions is unknown here.</summary>
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
