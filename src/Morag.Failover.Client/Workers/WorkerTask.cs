using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Workers;

/// <summary>A task that a worker holds, from the lease until its outcome is delivered.</summary>
internal sealed class WorkerTask : IDisposable
{
    private readonly TimeProvider clock;
    private readonly long receivedAt;
    private readonly CancellationTokenSource timeout;
    private readonly CancellationTokenSource revoked = new();
    private DateTimeOffset deadline;
    private double progress = double.NaN;

    public WorkerTask(LeasedTask lease, TimeProvider clock)
    {
        this.clock = clock;
        Lease = lease;
        receivedAt = clock.GetTimestamp();
        timeout = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        deadline = lease.Deadline;
        StartTimeout();
    }

    public LeasedTask Lease { get; }

    public LeaseKey Key => new(Lease.TaskId, Lease.Epoch);

    /// <summary>Cancelled when the lease expires, counted from its remaining seconds at arrival, because the clocks may differ.</summary>
    public CancellationToken TimedOut => timeout.Token;

    /// <summary>Cancelled when the lease is revoked.</summary>
    public CancellationToken Revoked => revoked.Token;

    /// <summary>Whether the work has ended and the outcome waits for delivery.</summary>
    public bool Finished { get; set; }

    /// <summary>The number of consecutive heartbeat answers that do not list the lease.</summary>
    public int TimesUnlisted { get; set; }

    /// <summary>The progress that the work reports, 0 to 1; null if it reports none.</summary>
    public double? Progress
    {
        get => Volatile.Read(ref progress) is var value && double.IsNaN(value) ? null : value;
        set => Volatile.Write(ref progress, value ?? double.NaN);
    }

    /// <summary>The lease as a heartbeat lists it.</summary>
    public HeldByWorker ToHeld() => new() { TaskId = Lease.TaskId, Epoch = Lease.Epoch, Progress = Progress };

    /// <summary>
    /// Moves the deadline. An earlier one is ignored: it comes from an answer that does not know of an extension yet. The node ends a lease
    /// that passes its deadline in any case.
    /// </summary>
    public void ExtendTo(DateTimeOffset later)
    {
        if (later > deadline)
        {
            deadline = later;
            StartTimeout();
        }
    }

    private void StartTimeout()
    {
        var remaining = Lease.RemainingSeconds + (deadline - Lease.Deadline).TotalSeconds - clock.GetElapsedTime(receivedAt).TotalSeconds;
        timeout.CancelAfter(TimeSpan.FromSeconds(Math.Clamp(remaining, 0, int.MaxValue / 1000d)));
    }

    /// <summary>Marks the lease as revoked. Continuations run elsewhere, so the caller may hold a lock.</summary>
    /// <returns>False if it was already revoked.</returns>
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
