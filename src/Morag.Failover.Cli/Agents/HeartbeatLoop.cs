using Morag.Failover.Client;
using Morag.Failover.Client.Connection;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>
/// Sends heartbeats with the leases that the agent holds, and ends the commands of leases that the node no longer lists. While nothing has
/// changed, it sends beats in the session instead, which cost the node less.
/// </summary>
internal sealed class HeartbeatLoop(
    WorkerClient client,
    InstanceRegistration registration,
    HeldTasks held,
    WorkerTally tally,
    TimeSpan interval,
    AgentLog log,
    TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim now = new(0);
    private readonly ToldState told = new(interval, clock);
    private volatile WorkerSocket? session;

    /// <summary>Whether the agent is stopping and takes no new tasks.</summary>
    public bool Leaving { get; set; }

    /// <summary>Sends the next heartbeat immediately.</summary>
    public void Hurry()
    {
        told.Doubt();
        now.Release();
    }

    /// <summary>Sends beats in a session from now on; null if there is none that carries them.</summary>
    public void BeatIn(WorkerSocket? socket)
    {
        // Signals may have been lost before the session was open.
        told.Doubt();
        session = socket;
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        var trouble = new ProblemLog(log);
        while (!cancellation.IsCancellationRequested)
        {
            var seen = registration.Generation;
            try
            {
                await BeatAsync(cancellation);
                trouble.Resolve("the node answers again");
            }
            catch (NodeRefused refused)
            {
                if (!await registration.RegisterAgainAsync(Problems.Of(refused), seen, cancellation))
                {
                    trouble.Report($"heartbeat rejected: {refused.Message}");
                }
            }
            catch (NodeUnreachable failure)
            {
                trouble.Report($"{failure.Message}; commands keep running, and outcomes are kept");
            }
            catch (UnreadableAnswer failure)
            {
                trouble.Report($"{failure.Message}; it cannot reveal revoked leases");
            }

            using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var due = Task.Delay(interval, clock, wait.Token);
            await Task.WhenAny(due, now.WaitAsync(wait.Token));
            await wait.CancelAsync();
        }
    }

    public void Dispose() => now.Dispose();

    private WorkerStatus Status => Leaving ? WorkerStatus.Maintenance : held.Free == 0 ? WorkerStatus.Busy : WorkerStatus.Online;

    /// <summary>Goes on sending beats while a heartbeat is not answered: the owner may be slow, and this worker is not.</summary>
    private async Task<T> BeatDuringAsync<T>(Task<T> heartbeat, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        while (await Task.WhenAny(heartbeat, Task.Delay(interval, clock, over.Token)) != heartbeat && !cancellation.IsCancellationRequested)
        {
            session?.TrySend();
        }

        await over.CancelAsync();
        return await heartbeat;
    }

    private async Task BeatAsync(CancellationToken cancellation)
    {
        var isHeard = session is { } socket && await socket.BeatAsync(cancellation);
        if (isHeard && !client.ConsumeLeaseDoubt() && told.IsCurrent(Status, held.Snapshot()))
        {
            return;
        }

        var begun = told.Begin();
        var (status, listed) = (Status, held.Snapshot());
        var timeout = TimeSpan.FromSeconds(Math.Clamp(interval.TotalSeconds * 2, 2, 10));
        var believed = await BeatDuringAsync(
            client.HeartbeatAsync(status, tally.Measure(held.Running), listed, timeout, cancellation), cancellation);
        told.Answered(begun, status, listed, believed);
        foreach (var lost in held.Reconcile(listed, believed))
        {
            log.Write($"{lost}: lease revoked; ending the command");
        }
    }
}
