namespace Morag.Failover.History;

/// <summary>Since when each worker has been alive and able to reach a live node.</summary>
internal sealed class WorkerReaches
{
    private readonly Dictionary<string, TimeSpan> since = new(StringComparer.Ordinal);

    /// <summary>Records that a worker began or ceased to reach a node.</summary>
    public void Record(WorkerReach reach)
    {
        if (reach.ReachesNode)
        {
            since.TryAdd(reach.Worker, reach.At);
        }
        else
        {
            since.Remove(reach.Worker);
        }
    }

    /// <summary>Since when a worker has reached a node. False if it does not.</summary>
    public bool TryGetSince(string worker, out TimeSpan reachedSince) => since.TryGetValue(worker, out reachedSince);
}
