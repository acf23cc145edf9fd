using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Workers;

/// <summary>Keeps the session open. It shows at once that the process has died, and tells at once that a lease was lost.</summary>
internal sealed class SessionListener(
    WorkerCalls calls,
    InstanceRegistration registration,
    HeldTasks held,
    HeartbeatSender heartbeats,
    LeaseIntake intake,
    WorkerLog log,
    TimeProvider clock)
{
    // The worker is suspect until its session is open again.
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromSeconds(1);

    // A session that lasted longer was not refused, so the next one is opened at once.
    private static readonly TimeSpan LongSession = TimeSpan.FromSeconds(2);

    public async Task RunAsync(CancellationToken cancellation)
    {
        if (!calls.HasSessions)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, clock, cancellation);
        }

        var backoff = new Backoff(clock, MaxBackoff);
        while (true)
        {
            var seen = registration.Generation;
            var opened = clock.GetTimestamp();
            try
            {
                await foreach (var signal in calls.OpenSessionAsync(cancellation))
                {
                    Handle(signal);
                }

                // The answer to a heartbeat tells why it ended.
                heartbeats.Hurry();
            }
            catch (MoragException failure)
            {
                // The heartbeats log that no node answers.
                _ = await registration.RegisterAgainAsync(failure, seen, cancellation);
            }

            if (clock.GetElapsedTime(opened) > LongSession)
            {
                backoff.Succeeded();
            }

            await backoff.WaitAsync(cancellation);
        }
    }

    private void Handle(ISessionSignal signal)
    {
        switch (signal)
        {
            case LeaseRevoked revoked:
                var key = new LeaseKey(revoked.TaskId, revoked.Epoch);
                if (held.Revoke(key))
                {
                    log.Lost(key, revoked.Reason);
                }

                break;
            case DeadlineSignal moved:
                held.Extend(new LeaseKey(moved.TaskId, moved.Epoch), moved.Deadline);
                break;
            case DrainSignal drain:
                log.Signal($"draining: {drain.Reason}");
                break;
            case ResumeSignal:
                log.Signal("resumed");
                intake.Hurry();
                break;
            case BreakerSignal breaker:
                log.Signal($"the breaker is {WireName.Of(breaker.State)}");
                intake.Hurry();
                break;
            case SupersededSignal:
                heartbeats.Hurry();
                break;
            default:
                // A newer cluster may send signals that this worker does not know.
                break;
        }
    }
}
