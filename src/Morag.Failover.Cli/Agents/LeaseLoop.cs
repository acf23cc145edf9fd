using Morag.Failover.Cli.Connection;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents;

/// <summary>Asks for as many tasks as there is room for, one call at a time.</summary>
internal sealed class LeaseLoop(
    WorkerClient client,
    AgentRegistration registration,
    AgentTasks held,
    TaskRunner runner,
    TimeSpan wait,
    AgentLog log,
    TimeProvider clock) : IDisposable
{
    // A node that answers a call for leases at once with nothing (breaker open, draining) is not asked in a tight loop.
    private static readonly TimeSpan QuickAnswer = TimeSpan.FromSeconds(1);

    // What the node cannot answer sensibly, it is not asked again and again.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim wake = new(0);

    /// <summary>Something changed for the better: asks again now, instead of after the pause.</summary>
    public void Hurry() => wake.Release();

    public async Task RunAsync(CancellationToken cancellation)
    {
        var backoff = new Backoff(clock);
        var unreadable = new Backoff(clock, LongestWait);
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
                // A call whose answer was lost is made again as it was, under its name: what it was given is given again.
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
                    trouble.Report($"no leases: {refused.Message}");
                }

                await backoff.WaitAsync(cancellation);
            }
            catch (NodeUnreachable)
            {
                await backoff.WaitAsync(cancellation);
            }
            catch (UnreadableAnswer failure)
            {
                // The same answer would come again. What was given in it is missing from the heartbeats, and is taken back.
                trouble.Report($"no leases: {failure.Message}");
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
