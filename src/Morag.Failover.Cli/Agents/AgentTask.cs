using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Cli.Agents;

/// <summary>A task in this agent's hands, from its lease until its outcome was delivered.</summary>
internal sealed class AgentTask : IDisposable
{
    private readonly TimeProvider clock;
    private readonly long receivedAt;
    private readonly CancellationTokenSource timeout;
    private readonly CancellationTokenSource revoked = new();

    public AgentTask(LeasedTask lease, TimeProvider clock)
    {
        this.clock = clock;
        Lease = lease;
        receivedAt = clock.GetTimestamp();
        timeout = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        Arm(lease.Deadline);
    }

    public LeasedTask Lease { get; }

    public LeaseKey Key => new(Lease.TaskId, Lease.Epoch);

    /// <summary>When the lease is over, by the seconds that were left when it came: the node's clock and this one may differ.</summary>
    public CancellationToken TimedOut => timeout.Token;

    /// <summary>When the system took the lease away.</summary>
    public CancellationToken Revoked => revoked.Token;

    /// <summary>Whether its command ended and the outcome waits to be delivered.</summary>
    public bool Finished { get; set; }

    /// <summary>In how many answers in a row the system did not list it.</summary>
    public int TimesUnlisted { get; set; }

    /// <summary>Takes over the deadline that the system believes in: an operator may have extended the lease.</summary>
    public void Arm(DateTimeOffset deadline)
    {
        var remaining = Lease.RemainingSeconds + (deadline - Lease.Deadline).TotalSeconds - clock.GetElapsedTime(receivedAt).TotalSeconds;
        timeout.CancelAfter(TimeSpan.FromSeconds(Math.Clamp(remaining, 0, int.MaxValue / 1000d)));
    }

    /// <summary>False where it was revoked before. What waits for it goes on elsewhere, so that a lock may be held here.</summary>
    public bool Revoke()
    {
        if (revoked.IsCancellationRequested)
        {
            return false;
        }

        _ = revoked.CancelAsync();
        return true;
    }

    public void Dispose()
    {
        timeout.Dispose();
        revoked.Dispose();
    }
}
