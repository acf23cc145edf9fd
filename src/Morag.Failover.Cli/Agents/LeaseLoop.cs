using Morag.Failover.Client.Connection;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents;

/// <summary>Requests leases for the free slots, one call at a time.</summary>
internal sealed class LeaseLoop(
    WorkerClient client,
    AgentRegistration registration,
    HeldTasks held,
    TaskRunner runner,
    TimeSpan wait,
    AgentLog log,
    TimeProvider clock) : IDisposable
{
    // A node that answers immediately without leases (open breaker, draining) is not called in a tight loop.
    private static readonly TimeSpan QuickAnswer = TimeSpan.FromSeconds(1);

    // A node that keeps sending unreadable answers is not called in a tight loop.
    private static readonly TimeSpan MaxUnreadableBackoff = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim wake = new(0);

    /// <summary>Ends the pause between calls, because the node may have leases now.</summary>
    public void Hurry() => wake.Release();

    public async Task RunAsync(CancellationToken cancellation)
    {
        var backoff = new Backoff(clock);
        var unreadable = new Backoff(clock, MaxUnreadableBackoff);
        var trouble = new ProblemLog(log);
        var request = NewRequest();
        var size = 0;
        while (!cancellation.IsCancellationRequested)
        {
            await held.WaitForRoomAsync(cancellation);
            var seen = registration.Generation;
            var asked = clock.GetTimestamp();
            try
            {
                // If an answer is lost, the call is repeated with its request id, and the node grants the same leases again.
                size = size == 0 ? Math.Min(held.Free, CallLimits.MaxLeases) : size;
                var answer = await client.LeaseAsync(size, wait, request, cancellation);
                backoff.Succeeded();
                unreadable.Succeeded();
                trouble.Resolve();
                (request, size) = (NewRequest(), 0);
                StartAll(answer);
                if (answer.Leases.Count == 0 && clock.GetElapsedTime(asked) < QuickAnswer)
                {
                    await PauseAsync(cancellation);
                }
            }
            catch (NodeRefused refused)
            {
                if (await registration.RegisterAgainAsync(refused, seen, cancellation))
                {
                    continue;
                }

                if (!refused.Problem.IsTransient)
                {
                    trouble.Report($"cannot lease tasks: {refused.Message}");
                }

                await backoff.WaitAsync(cancellation);
            }
            catch (NodeUnreachable)
            {
                await backoff.WaitAsync(cancellation);
            }
            catch (UnreadableAnswer failure)
            {
                // The node would repeat this answer, so the next call gets a new id. The node takes back the leases, because no heartbeat
                // lists them.
                trouble.Report($"cannot lease tasks: {failure.Message}");
                (request, size) = (NewRequest(), 0);
                await unreadable.WaitAsync(cancellation);
            }
        }
    }

    public void Dispose() => wake.Dispose();

    private void StartAll(LeaseResponse answer)
    {
        foreach (var lease in answer.Leases)
        {
            runner.Start(lease);
        }

        foreach (var lease in answer.Unreadable)
        {
            runner.RejectUnreadable(lease);
        }
    }

    private async Task PauseAsync(CancellationToken cancellation)
    {
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await Task.WhenAny(Task.Delay(QuickAnswer, clock, pause.Token), wake.WaitAsync(pause.Token));
        await pause.CancelAsync();
        cancellation.ThrowIfCancellationRequested();
    }

    private static RequestId NewRequest() => new(Guid.NewGuid().ToString("N"));
}
