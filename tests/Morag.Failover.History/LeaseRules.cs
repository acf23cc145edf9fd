namespace Morag.Failover.History;

/// <summary>Leases: one at a time for a task, with growing epochs.</summary>
internal static class LeaseRules
{
    public static IEnumerable<Violation> Check(IReadOnlyList<Happening> history)
    {
        var newest = new Dictionary<string, long>(StringComparer.Ordinal);
        var open = new Dictionary<string, LeaseStored>(StringComparer.Ordinal);
        var received = new Dictionary<string, LeaseReceived>(StringComparer.Ordinal);
        foreach (var happening in history)
        {
            switch (happening)
            {
                case LeaseStored lease:
                    if (newest.GetValueOrDefault(lease.Partition) is var last && lease.Epoch <= last)
                    {
                        yield return new(
                            Rule.EpochsGrow, lease.At, $"{lease.Partition} granted epoch {lease.Epoch} of {lease.Task} after {last}");
                    }

                    newest[lease.Partition] = Math.Max(last, lease.Epoch);
                    if (open.TryGetValue(lease.Task, out var other))
                    {
                        yield return new(
                            Rule.OneLeaseIsValid,
                            lease.At,
                            $"{lease.Task} was leased to {lease.Worker} under {lease.Epoch} "
                            + $"while {other.Worker} held it under {other.Epoch}");
                    }

                    open[lease.Task] = lease;
                    break;
                case LeaseEndStored end when open.TryGetValue(end.Task, out var ended) && ended.Epoch == end.Epoch:
                    open.Remove(end.Task);
                    break;
                case LeaseReceived lease when IsOlder(received, lease):
                    break;
                case LeaseReceived lease:
                    received[lease.Task] = lease;
                    break;
                case CompletionAccepted completion
                    when received.TryGetValue(completion.Task, out var newer)
                        && newer.Epoch > completion.Epoch
                        && newer.At < completion.AskedAt:
                    yield return new(
                        Rule.OneLeaseIsValid,
                        completion.At,
                        $"{completion.Task} was completed under {completion.Epoch} after {newer.Worker} got it under {newer.Epoch}");
                    break;
                default:
                    break;
            }
        }
    }

    private static bool IsOlder(Dictionary<string, LeaseReceived> received, LeaseReceived lease) =>
        received.TryGetValue(lease.Task, out var newest) && newest.Epoch >= lease.Epoch;
}
