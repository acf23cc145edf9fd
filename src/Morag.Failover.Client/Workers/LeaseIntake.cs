using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Workers;

/// <summary>Requests leases for the free slots, one call at a time.</summary>
internal sealed class LeaseIntake(
    WorkerCalls calls,
    InstanceRegistration registration,
    HeldTasks held,
    TaskExecutions executions,
    WorkerLog log,
    TimeProvider clock) : IDisposable
{
    private const string Action = "lease tasks";

    // A reply that comes at once without leases (open breaker, draining) must not cause a tight loop.
    private static readonly TimeSpan QuickReply = TimeSpan.FromSeconds(1);

    /// <summary>How long one call waits for the first task.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(20);

    private readonly HurriedPause pause = new(clock);

    /// <summary>Ends the pause between calls, because there may be leases now.</summary>
    public void Hurry() => pause.Hurry();

    public async Task RunAsync(CancellationToken cancellation)
    {
        var backoff = new Backoff(clock);
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

                var granted = await calls.LeaseAsync(size, Wait, request, cancellation);
                backoff.Succeeded();
                log.Resolve(Action);
                (request, size) = (NewRequest(), 0);
                foreach (var lease in granted.Leases)
                {
                    executions.Start(lease);
                }

                if (granted.Leases.IsEmpty && clock.GetElapsedTime(asked) < QuickReply)
                {
                    await pause.WaitAsync(QuickReply, cancellation);
                }
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

    private static RequestId NewRequest() => new(Guid.NewGuid().ToString("N"));
}
