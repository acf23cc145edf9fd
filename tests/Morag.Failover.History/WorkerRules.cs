namespace Morag.Failover.History;

/// <summary>Workers: no lease while the breaker is open, and no blame for what was not their fault.</summary>
internal static class WorkerRules
{
    public static IEnumerable<Violation> Check(IReadOnlyList<Happening> history, TimeSpan witnessedFor)
    {
        var openSince = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        var grantedAt = new Dictionary<(string Task, long Epoch), TimeSpan>();
        var handedOut = new HashSet<(string Task, long Epoch)>();
        var reaches = new WorkerReaches();
        foreach (var happening in history)
        {
            switch (happening)
            {
                case BreakerOpened opened:
                    openSince.TryAdd(opened.Worker, opened.At);
                    break;
                case BreakerEased eased:
                    openSince.Remove(eased.Worker);
                    break;
                case LeaseStored lease:
                    grantedAt[(lease.Task, lease.Epoch)] = lease.At;
                    break;
                case LeaseHandedOut lease when !handedOut.Add((lease.Task, lease.Epoch)):
                    // A repeated call gets the leases that it was given before.
                    break;
                case LeaseHandedOut lease
                    when openSince.TryGetValue(lease.Worker, out var since) && !(lease.IsRepeat && WasGrantedBefore(lease, since)):
                    yield return new(
                        Rule.NoLeaseWhileBreakerIsOpen,
                        lease.At,
                        $"{lease.Worker} got {lease.Task} under {lease.Epoch}, and its breaker was open since {since}");
                    break;
                case WorkerReach reach:
                    reaches.Record(reach);
                    break;
                case WorkerDeclaredLost lost
                    when reaches.TryGetSince(lost.Worker, out var since) && lost.At - since >= witnessedFor:
                    yield return new(
                        Rule.NoReachableWorkerIsBlamed,
                        lost.At,
                        $"{lost.Worker} was declared lost ({lost.Why}), and was alive and could reach a live node since {since}");
                    break;
                default:
                    break;
            }
        }

        // A repeated call also gets the leases whose first answer was lost before it left the entity.
        bool WasGrantedBefore(LeaseHandedOut lease, TimeSpan time) =>
            grantedAt.TryGetValue((lease.Task, lease.Epoch), out var at) && at <= time;
    }
}
