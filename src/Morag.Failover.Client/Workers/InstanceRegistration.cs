using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Workers;

/// <summary>
/// Keeps this instance registered: at the start, and whenever the cluster has forgotten the worker. It does not replace another instance
/// that is alive, because two of them would keep taking each other's leases.
/// </summary>
internal sealed class InstanceRegistration(WorkerCalls calls, WorkerLog log, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim registering = new(1, 1);

    /// <summary>The number of registrations. A call that was refused under an earlier one does not cause another.</summary>
    public int Generation { get; private set; }

    /// <summary>Registers, and repeats that until it succeeds.</summary>
    /// <param name="seen">The <see cref="Generation"/> to replace. Does nothing if there is a newer one.</param>
    /// <param name="cancellation">Stops trying.</param>
    /// <exception cref="MoragInvalidException">The registration breaks a rule of the cluster.</exception>
    /// <exception cref="WorkerIdInUseException">Another instance is alive.</exception>
    public async Task RegisterAsync(int seen, CancellationToken cancellation)
    {
        await registering.WaitAsync(cancellation);
        try
        {
            var backoff = new Backoff(clock);
            while (Generation == seen)
            {
                try
                {
                    await YieldToLiveInstanceAsync(cancellation);
                    await calls.RegisterAsync(cancellation);
                    Generation++;
                    log.Registered();
                }
                catch (MoragException failure) when (failure is not MoragInvalidException)
                {
                    log.Trouble("register", failure);
                    await backoff.WaitAsync(cancellation);
                }
            }
        }
        finally
        {
            _ = registering.Release();
        }
    }

    /// <summary>Registers again if a call was refused because the cluster does not know this instance.</summary>
    /// <param name="refused">The refusal.</param>
    /// <param name="seen">The <see cref="Generation"/> when the call was made.</param>
    /// <param name="cancellation">Stops trying.</param>
    /// <returns>Whether it is registered again.</returns>
    public async Task<bool> RegisterAgainAsync(MoragException refused, int seen, CancellationToken cancellation)
    {
        if (refused is not (MoragNotFoundException or MoragConflictException) || seen != Generation)
        {
            return false;
        }

        log.Forgotten(refused.Message);
        await RegisterAsync(seen, cancellation);
        return true;
    }

    public void Dispose() => registering.Dispose();

    private async Task YieldToLiveInstanceAsync(CancellationToken cancellation)
    {
        if (await FindOtherAsync(cancellation) is not { } first)
        {
            return;
        }

        var silence = TakeoverDelay.For(first.Registration.HeartbeatIntervalSeconds);
        var since = clock.GetTimestamp();
        log.WaitsForSilence(HostOf(first), silence);
        while (clock.GetElapsedTime(since) < silence)
        {
            await Task.Delay(TakeoverDelay.PollInterval, clock, cancellation);
            if (await FindOtherAsync(cancellation) is not { } now)
            {
                return;
            }

            if (now.LastHeartbeat != first.LastHeartbeat || now.Registration.InstanceId != first.Registration.InstanceId)
            {
                throw new WorkerIdInUseException(calls.Registration.WorkerId, HostOf(now));
            }
        }
    }

    private async Task<WorkerInfo?> FindOtherAsync(CancellationToken cancellation) =>
        await calls.FindAsync(cancellation) is { Liveness: not Liveness.Offline, Registration.InstanceId: { } instance } found
        && instance != calls.Registration.InstanceId
            ? found
            : null;

    private static string HostOf(WorkerInfo worker) =>
        worker.Registration.Location.Hostname is { Length: > 0 } host ? host : "an unknown host";
}
