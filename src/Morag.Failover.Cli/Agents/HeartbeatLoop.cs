using Morag.Failover.Client;
using Morag.Failover.Client.Connection;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>Sends heartbeats with the leases that the agent holds, and ends the commands of leases that the node no longer lists.</summary>
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

    /// <summary>Whether the agent is stopping and takes no new tasks.</summary>
    public bool Leaving { get; set; }

    /// <summary>Sends the next heartbeat immediately.</summary>
    public void Hurry() => now.Release();

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

    private async Task BeatAsync(CancellationToken cancellation)
    {
        var listed = held.Snapshot();
        var status = Leaving ? WorkerStatus.Maintenance : held.Free == 0 ? WorkerStatus.Busy : WorkerStatus.Online;
        var timeout = TimeSpan.FromSeconds(Math.Clamp(interval.TotalSeconds * 2, 2, 10));
        var believed = await client.HeartbeatAsync(status, tally.Measure(held.Running), listed, timeout, cancellation);
        foreach (var lost in held.Reconcile(listed, believed))
        {
            log.Write($"{lost}: lease revoked; ending the command");
        }
    }
}
