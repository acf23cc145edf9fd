namespace Morag.Failover.History;

/// <summary>Granted leases reach their workers, or end. Nothing is checked while faults last.</summary>
internal static class DeliveryRules
{
    public static IEnumerable<Violation> Check(IReadOnlyList<Happening> history, TimeSpan deliveredWithin)
    {
        var undelivered = new Dictionary<string, LeaseStored>(StringComparer.Ordinal);
        var reaches = new WorkerReaches();
        TimeSpan? calmSince = null;
        foreach (var happening in history)
        {
            foreach (var lease in calmSince is null ? [] : undelivered.Values.Where(lease => WaitsSince(lease) is not null).ToList())
            {
                if (happening.At - WaitsSince(lease) > deliveredWithin)
                {
                    undelivered.Remove(lease.Task);
                    yield return new(
                        Rule.NoLeaseIsForgotten,
                        happening.At,
                        $"{lease.Task} is leased to {lease.Worker} under {lease.Epoch} since {lease.At}. {lease.Worker} can be reached, "
                        + "and does not know it");
                }
            }

            switch (happening)
            {
                case FaultsEnded ended:
                    calmSince = ended.At;
                    break;
                case LeaseStored lease:
                    undelivered[lease.Task] = lease;
                    break;
                case LeaseReceived received when IsOpen(received.Task, received.Epoch):
                    undelivered.Remove(received.Task);
                    break;
                case LeaseEndStored end when IsOpen(end.Task, end.Epoch):
                    undelivered.Remove(end.Task);
                    break;
                case WorkerReach reach:
                    reaches.Record(reach);
                    break;
                default:
                    break;
            }
        }

        bool IsOpen(string task, long epoch) => undelivered.TryGetValue(task, out var lease) && lease.Epoch == epoch;

        TimeSpan? WaitsSince(LeaseStored lease) => calmSince is { } calm && reaches.TryGetSince(lease.Worker, out var reached)
            ? new[] { calm, reached, lease.At }.Max()
            : null;
    }
}
