namespace Morag.Failover.History;

/// <summary>
/// Leases that workers hold: nobody takes them away while the worker is alive and reaches a node, except on purpose.
/// </summary>
internal static class HeldLeaseRules
{
    /// <summary>A lease that was granted just before its node failed may be taken for undelivered, and the task is leased again.</summary>
    private static readonly TimeSpan LeastHeld = TimeSpan.FromSeconds(10);

    public static IEnumerable<Violation> Check(IReadOnlyList<Happening> history, TimeSpan witnessedFor)
    {
        var open = new HashSet<(string Task, long Epoch)>();
        var holders = new Dictionary<(string Task, long Epoch), LeaseReceived>();
        var recalled = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        var reaches = new WorkerReaches();
        foreach (var happening in history)
        {
            switch (happening)
            {
                case WorkerStarted started:
                    foreach (var lease in holders.Where(each => each.Value.Worker == started.Worker).Select(each => each.Key).ToList())
                    {
                        holders.Remove(lease);
                    }

                    break;
                case WorkerReach reach:
                    reaches.Record(reach);
                    break;
                case LeasesRecalled recall:
                    recalled[recall.Worker] = recall.At;
                    break;
                case LeaseStored stored:
                    open.Add((stored.Task, stored.Epoch));
                    break;
                case LeaseReceived received:
                    holders.TryAdd((received.Task, received.Epoch), received);
                    break;
                case LeaseEndStored ended:
                    if (holders.Remove((ended.Task, ended.Epoch), out var held)
                        && ended.IsLoss
                        && ended.At - held.At >= LeastHeld
                        && WitnessedSince(held.Worker, ended.At) is { } since)
                    {
                        yield return new(
                            Rule.HeldLeasesAreKept,
                            ended.At,
                            $"{held.Worker} held {ended.Task} under {ended.Epoch} and reached a node since {since}, "
                            + "and the lease was ended as lost");
                    }

                    open.Remove((ended.Task, ended.Epoch));
                    break;
                case LeaseDropped dropped:
                    var wasRecalled = holders.Remove((dropped.Task, dropped.Epoch), out var lost)
                        && recalled.TryGetValue(dropped.Worker, out var at)
                        && at >= lost.At;
                    var isLeased = open.Contains((dropped.Task, dropped.Epoch));
                    if (isLeased && !wasRecalled && WitnessedSince(dropped.Worker, dropped.At) is not null)
                    {
                        yield return new(
                            Rule.HeldLeasesAreKept,
                            dropped.At,
                            $"{dropped.Worker} was told to stop {dropped.Task} under {dropped.Epoch}, which is still leased to it");
                    }

                    break;
                default:
                    break;
            }
        }

        TimeSpan? WitnessedSince(string worker, TimeSpan at) =>
            reaches.TryGetSince(worker, out var since) && at - since >= witnessedFor ? since : null;
    }
}
