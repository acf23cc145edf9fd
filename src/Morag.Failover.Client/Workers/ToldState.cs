using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Workers;

/// <summary>
/// What the last heartbeat said and its answer confirmed. While that is still true, a beat in the session suffices. It is thread-safe.
/// </summary>
internal sealed class ToldState(TimeSpan interval, TimeProvider clock)
{
    /// <summary>How many beats may follow a heartbeat.</summary>
    private const int Beats = 15;

    // What heartbeats carry besides leases, such as metrics, is shown to people. Nodes wake the owners of workers that show nothing for
    // 30 s.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(25);

    private readonly TimeSpan validFor = interval * Beats < Longest ? interval * Beats : Longest;
    private readonly Lock changing = new();
    private bool isConfirmed;
    private long doubts;
    private WorkerStatus status;
    private HashSet<LeaseKey> leases = [];
    private long toldAt;

    /// <summary>Whether nothing has changed since the last heartbeat, and it was not long ago.</summary>
    public bool IsCurrent(WorkerStatus now, IReadOnlyCollection<HeldByWorker> held)
    {
        lock (changing)
        {
            return isConfirmed && now == status && clock.GetElapsedTime(toldAt) < validFor && held.Count == leases.Count
                && held.All(lease => leases.Contains(new LeaseKey(lease.TaskId, lease.Epoch)));
        }
    }

    /// <summary>Call it before the state is read that a heartbeat reports.</summary>
    /// <returns>The number of the heartbeat for <see cref="Answered"/>.</returns>
    public long Begin()
    {
        lock (changing)
        {
            isConfirmed = false;
            return doubts;
        }
    }

    /// <summary>Records that a heartbeat was answered. It confirms nothing if a doubt came up since it began.</summary>
    /// <param name="begun">What <see cref="Begin"/> returned.</param>
    /// <param name="told">The status in it.</param>
    /// <param name="held">The leases in it.</param>
    /// <param name="believed">
    /// The leases in the answer. If they differ, or the node only repeats what it was told because it does not know yet, the next heartbeat
    /// must say it again.
    /// </param>
    public void Answered(long begun, WorkerStatus told, IEnumerable<HeldByWorker> held, IReadOnlyCollection<HeldLease> believed)
    {
        lock (changing)
        {
            status = told;
            leases = [.. held.Select(lease => new LeaseKey(lease.TaskId, lease.Epoch))];
            isConfirmed = begun == doubts
                && believed.All(lease => lease.GrantedAt is not null)
                && leases.SetEquals(believed.Select(lease => new LeaseKey(lease.TaskId, lease.Epoch)));
            toldAt = clock.GetTimestamp();
        }
    }

    /// <summary>The node and the worker may no longer agree, such as after a call whose answer was lost.</summary>
    public void Doubt()
    {
        lock (changing)
        {
            isConfirmed = false;
            doubts++;
        }
    }
}
