namespace Morag.Failover.Actors.Queues;

/// <summary>
/// Workers that recently completed a task of a content type, whose models may still be loaded. Only breaks ties, so it is not stored. Kept
/// in two halves, so that old entries expire without a search.
/// </summary>
internal sealed class WarmWorkers
{
    private const int MostInOneHalf = 20_000;
    private static readonly TimeSpan Half = TimeSpan.FromMinutes(15);

    private HashSet<(WorkerId Worker, string ContentType)> newer = [];
    private HashSet<(WorkerId Worker, string ContentType)> older = [];
    private DateTimeOffset since;

    /// <summary>Records that a worker completed a task of a type.</summary>
    public void Completed(WorkerId worker, string contentType, DateTimeOffset now)
    {
        if (newer.Count >= MostInOneHalf || now - since > Half)
        {
            (older, newer, since) = (now - since > Half * 2 ? [] : newer, [], now);
        }

        newer.Add((worker, contentType));
    }

    /// <summary>Whether the worker completed a task of the type in the last 15 to 30 minutes.</summary>
    public bool Has(WorkerId worker, string? contentType) =>
        contentType is not null && (newer.Contains((worker, contentType)) || older.Contains((worker, contentType)));
}
