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
    private readonly HeartbeatPace pace = new(interval, clock);
    private readonly ToldState told = new(interval, clock);
    private readonly ProblemLog trouble = new(log);
    private volatile WorkerSocket? session;

    /// <summary>Whether the agent is stopping and takes no new tasks.</summary>
    public bool Leaving { get; set; }

    /// <summary>Sends the next heartbeat immediately.</summary>
    public void Hurry()
    {
        told.Doubt();
        pace.Hurry();
    }

    /// <summary>Calls go to another node. If heartbeats fail there too, the log says so again.</summary>
    public void OnMoved() => trouble.Remind();

    /// <summary>Sends beats in a session from now on; null if there is none that carries them.</summary>
    public void BeatIn(WorkerSocket? socket)
    {
        // Signals may have been lost before the session was open.
        told.Doubt();
        session = socket;
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        var wasHeard = true;
        while (true)
        {
            var seen = registration.Generation;
            try
            {
                await BeatAsync(wasHeard, cancellation);
                wasHeard = true;
                trouble.Resolve("the node answers again");
            }
            catch (NodeRefused refused)
            {
                var failure = Problems.Of(refused);
                wasHeard = HeartbeatPace.IsHeard(failure);
                if (!await registration.RegisterAgainAsync(failure, seen, cancellation))
                {
                    trouble.Report($"heartbeat rejected: {refused.Message}");
                }
            }
            catch (NodeUnreachable failure)
            {
                wasHeard = false;
                trouble.Report($"{failure.Message}; commands keep running, and outcomes are kept");
            }
            catch (UnreadableAnswer failure)
            {
                wasHeard = true;
                trouble.Report($"{failure.Message}; it cannot reveal revoked leases");
            }

            await pace.WaitAsync(wasHeard, cancellation);
        }
    }

    public void Dispose() => pace.Dispose();

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

    private async Task BeatAsync(bool wasHeard, CancellationToken cancellation)
    {
        // After a heartbeat that nobody answered, no time is left to wait for a session that may be broken too.
        var isConfirmed = wasHeard && session is { } socket && await socket.BeatAsync(cancellation);
        if (isConfirmed && !client.ConsumeLeaseDoubt() && told.IsCurrent(Status, held.Snapshot()))
        {
            return;
        }

        var begun = told.Begin();
        var (status, listed) = (Status, held.Snapshot());
        var believed = await BeatDuringAsync(
            client.HeartbeatAsync(status, tally.Measure(held.Running), listed, pace.Limit, cancellation), cancellation);
        told.Answered(begun, status, listed, believed);
        foreach (var lost in held.Reconcile(listed, believed))
        {
            log.Write($"{lost}: lease revoked; ending the command");
        }
    }
}
