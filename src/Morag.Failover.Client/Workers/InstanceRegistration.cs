using Morag.Failover.Client.Connection;

namespace Morag.Failover.Client.Workers;

/// <summary>
/// Keeps this instance registered: at the start, and whenever the cluster has forgotten the worker. It does not replace another instance
/// that is alive, because two of them would keep taking each other's leases.
/// </summary>
internal sealed class InstanceRegistration(IInstanceCalls calls, WorkerLog log, TimeProvider clock) : IDisposable
{
    private const string Action = "register";

    // Nodes may tell slightly different times of one heartbeat.
    private static readonly TimeSpan SameHeartbeat = TimeSpan.FromSeconds(1);

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
                    await RegisterOnceAsync(cancellation);
                    Generation++;
                    log.Resolve(Action);
                    log.Registered();
                }
                catch (MoragException failure) when (failure is not MoragInvalidException)
                {
                    log.Trouble(Action, failure);
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
    /// <exception cref="MoragInvalidException">The registration breaks a rule of the cluster.</exception>
    /// <exception cref="WorkerIdInUseException">Another instance is alive.</exception>
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

    private async Task RegisterOnceAsync(CancellationToken cancellation)
    {
        try
        {
            await calls.RegisterAsync(cancellation);
        }
        catch (MoragException failure) when (failure.IsUnreadable)
        {
            // The call itself succeeded.
            log.RegistrationUnreadable(failure);
        }
    }

    private async Task YieldToLiveInstanceAsync(CancellationToken cancellation)
    {
        if (await FindOtherAsync(cancellation) is not { } first)
        {
            return;
        }

        var silence = TakeoverDelay.For(first.HeartbeatIntervalSeconds);
        var since = clock.GetTimestamp();
        var last = first.LastHeartbeat;
        log.WaitsForSilence(HostOf(first), silence);
        while (clock.GetElapsedTime(since) < silence)
        {
            await Task.Delay(TakeoverDelay.PollInterval, clock, cancellation);
            if (await FindOtherAsync(cancellation) is not { } now)
            {
                return;
            }

            // When the worker's owner moves, the cluster tells no time, or an older one, until the instance is heard again.
            if (now.Instance != first.Instance || now.LastHeartbeat > last + SameHeartbeat)
            {
                throw new WorkerIdInUseException(calls.Registration.WorkerId, HostOf(now));
            }

            last ??= now.LastHeartbeat;
        }

        log.TakesOver();
    }

    private async Task<OtherInstance?> FindOtherAsync(CancellationToken cancellation)
    {
        try
        {
            return await calls.FindOtherAsync(cancellation);
        }
        catch (MoragException failure) when (failure.IsUnreadable)
        {
            // It would be unreadable the next time too, and the worker could never start.
            log.OtherInstanceUnreadable(failure);
            return null;
        }
    }

    private static string HostOf(OtherInstance other) => other.Host.Length > 0 ? other.Host : "an unknown host";
}
