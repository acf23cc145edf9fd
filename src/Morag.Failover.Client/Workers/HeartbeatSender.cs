using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Workers;

/// <summary>
/// Sends heartbeats with the leases that the worker holds, and cancels the handlers of leases that the cluster no longer lists.
/// </summary>
internal sealed class HeartbeatSender(
    WorkerCalls calls,
    InstanceRegistration registration,
    HeldTasks held,
    WorkerTally tally,
    TimeSpan interval,
    WorkerLog log,
    TimeProvider clock) : IDisposable
{
    private const string Action = "send heartbeats";

    private readonly HeartbeatPace pace = new(interval, clock);

    /// <summary>Whether the worker stops and takes no new tasks.</summary>
    public bool Leaving { get; set; }

    /// <summary>Sends the next heartbeat at once.</summary>
    public void Hurry() => pace.Hurry();

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var seen = registration.Generation;
            var wasHeard = true;
            try
            {
                await SendAsync(cancellation);
                log.Resolve(Action);
            }
            catch (MoragException failure)
            {
                if (!await registration.RegisterAgainAsync(failure, seen, cancellation))
                {
                    wasHeard = HeartbeatPace.IsHeard(failure);
                    log.Trouble(Action, failure);
                }
            }

            await pace.WaitAsync(wasHeard, cancellation);
        }
    }

    public void Dispose() => pace.Dispose();

    private async Task SendAsync(CancellationToken cancellation)
    {
        var listed = held.Snapshot();
        var status = Leaving ? WorkerStatus.Maintenance : held.Free == 0 ? WorkerStatus.Busy : WorkerStatus.Online;
        var reply = await calls.HeartbeatAsync(status, tally.Measure(held.Running), listed, pace.Limit, cancellation);
        foreach (var lost in held.Reconcile(listed, reply.Leases))
        {
            log.Lost(lost, "the cluster no longer lists it");
        }
    }
}
