using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Workers;

/// <summary>Requests leases for the free slots, one call at a time.</summary>
internal sealed class LeaseIntake(
    IInstanceCalls calls,
    InstanceRegistration registration,
    HeldTasks held,
    ILeaseTarget target,
    WorkerLog log,
    TimeProvider clock,
    TimeSpan? wait = null) : IDisposable
{
    private const string Action = "lease tasks";

    /// <summary>How long one call waits for the first task, by default.</summary>
    private static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(20);

    // A reply that comes at once without leases (open breaker, draining) must not cause a tight loop.
    private static readonly TimeSpan QuickReply = TimeSpan.FromSeconds(1);

    // A node that keeps sending unreadable replies wastes the leases that it grants with each reply.
    private static readonly TimeSpan MaxUnreadableBackoff = TimeSpan.FromMinutes(1);

    private readonly HurriedPause pause = new(clock);

    /// <summary>Ends the pause between calls, because there may be leases now.</summary>
    public void Hurry() => pause.Hurry();

    public async Task RunAsync(CancellationToken cancellation)
    {
        var backoff = new Backoff(clock);
        var unreadable = new Backoff(clock, MaxUnreadableBackoff);
        var request = NewRequest();
        var size = 0;
        while (true)
        {
            await held.WaitForRoomAsync(cancellation);
            var seen = registration.Generation;
            var asked = clock.GetTimestamp();
            try
            {
                // If the reply is lost, the call is repeated under its id, and the same leases are granted again.
                size = size == 0 ? Math.Min(held.Free, CallLimits.MaxLeases) : size;
                if (size == 0)
                {
                    continue; // An abandoned handler took the slot again.
                }

                var received = await calls.LeaseAsync(size, wait ?? DefaultWait, request, cancellation);
                backoff.Succeeded();
                log.Resolve(Action);
                (request, size) = (NewRequest(), 0);
                if (StartAll(received) == 0 && received.Unreadable.Any(lease => lease.Key is null))
                {
                    // The node takes them back, and would grant them again at once.
                    await unreadable.WaitAsync(cancellation);
                    continue;
                }

                unreadable.Succeeded();
                if (received.Leases.Count == 0 && clock.GetElapsedTime(asked) < QuickReply)
                {
                    await pause.WaitAsync(QuickReply, cancellation);
                }
            }
            catch (MoragException failure) when (failure.IsUnreadable)
            {
                // The node would repeat this reply, so the next call gets a new id. The node takes back the leases, because no heartbeat
                // lists them.
                log.Trouble(Action, failure);
                (request, size) = (NewRequest(), 0);
                await unreadable.WaitAsync(cancellation);
            }
            catch (MoragException failure)
            {
                if (!await registration.RegisterAgainAsync(failure, seen, cancellation))
                {
                    log.Trouble(Action, failure);
                    await backoff.WaitAsync(cancellation);
                }
            }
        }
    }

    public void Dispose() => pause.Dispose();

    /// <summary>Returns how many were started.</summary>
    private int StartAll(ReceivedLeases received)
    {
        foreach (var lease in received.Leases)
        {
            target.Start(lease);
        }

        foreach (var lease in received.Unreadable)
        {
            target.RejectUnreadable(lease);
        }

        return received.Leases.Count;
    }

    private static RequestId NewRequest() => new(Guid.NewGuid().ToString("N"));
}
