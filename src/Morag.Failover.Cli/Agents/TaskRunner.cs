using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Morag.Failover.Cli.Connection;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents;

/// <summary>
/// Takes each leased task through its states: running, ended, judged, and then spooled or given back. Whatever goes wrong on the
/// way, the task gets an outcome, and its slot comes back once its processes are gone.
/// </summary>
internal sealed class TaskRunner(
    AgentSettings settings,
    TaskProcess process,
    AgentTasks held,
    OutcomeOutbox outbox,
    WorkerClient client,
    AgentTally tally,
    AgentLog log,
    TimeProvider clock) : IDisposable
{
    private readonly ConcurrentDictionary<LeaseKey, Task> running = new();
    private readonly ProblemLog unreadable = new(log);
    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource cancelling = new();

    /// <summary>How many tasks are not settled yet.</summary>
    public int Count => running.Count;

    public void Start(LeasedTask lease)
    {
        var key = new LeaseKey(lease.TaskId, lease.Epoch);
        if (stopping.IsCancellationRequested)
        {
            Track(key, () => ReleaseAsync(key));
        }
        else if (held.TryAdd(lease) is { } task)
        {
            log.Write($"{key}: leased from {lease.Queue}, attempt {lease.Attempt}");
            Track(key, () => WorkAsync(task));
        }
    }

    /// <summary>A lease that makes no sense here is a failure of its task: it would make none to the next agent either.</summary>
    public void RejectUnreadable(UnreadableLease lease)
    {
        if (lease.Key is { } key)
        {
            log.Write($"{key}: its lease cannot be read: {lease.Problem}");
            outbox.Add(TaskOutcome.Failed(
                key, FailureType.ProcessingError, $"the agent cannot read the lease of the task: {lease.Problem}", JsonText.EmptyObject));
        }
        else
        {
            unreadable.Report($"the node gave a lease that cannot be read: {lease.Problem}; it is taken back when heartbeats do not list it");
        }
    }

    /// <summary>The agent was told to stop: commands that end as if they had been told too are given back without blame.</summary>
    public Task StopAsync() => stopping.CancelAsync();

    /// <summary>Ends every command, and gives its task back.</summary>
    public Task CancelAllAsync() => cancelling.CancelAsync();

    /// <summary>Waits until every task is settled; false where that takes longer than <paramref name="within"/>.</summary>
    public async Task<bool> WaitForAllAsync(TimeSpan within, CancellationToken abort)
    {
        try
        {
            await Task.WhenAll(running.Values).WaitAsync(within, clock, abort);
            return true;
        }
        catch (Exception ended) when (ended is TimeoutException or OperationCanceledException)
        {
            return running.IsEmpty;
        }
    }

    public void Dispose()
    {
        stopping.Dispose();
        cancelling.Dispose();
    }

    private void Track(LeaseKey key, Func<Task> work)
    {
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        running[key] = RunAsync();
        begin.SetResult();

        async Task RunAsync()
        {
            await begin.Task;
            try
            {
                await work();
            }
            finally
            {
                _ = running.TryRemove(key, out _);
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The last resort: a defect must not cost a slot or an outcome.")]
    private async Task WorkAsync(AgentTask task)
    {
        try
        {
            using var unwanted = CancellationTokenSource.CreateLinkedTokenSource(task.Revoked, cancelling.Token);
            var run = await process.RunAsync(task.Lease, task.TimedOut, unwanted.Token);
            if (run.Remaining is { } remaining)
            {
                _ = KeepSlotAsync(task.Key, remaining);
            }

            await SettleAsync(task, run.Ending);
        }
        catch (Exception failure)
        {
            log.Write($"{task.Key}: the agent failed: {failure}");
            Finish(task, TaskOutcome.Failed(
                task.Key, FailureType.WorkerOverloaded, $"the agent could not run the task: {failure.Message}", JsonText.EmptyObject));
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "As above: it is logged, and the slot becomes free.")]
    private async Task KeepSlotAsync(LeaseKey key, Task remaining)
    {
        try
        {
            await held.OccupySlotAsync(remaining);
        }
        catch (Exception failure)
        {
            log.Write($"{key}: the agent failed while it waited for what could not be ended: {failure}");
        }
    }

    private async Task SettleAsync(AgentTask task, ProcessEnding ending)
    {
        if (ending.Cause == EndCause.Cancelled || await WasStoppedFromOutsideAsync(task, ending))
        {
            if (!task.Revoked.IsCancellationRequested)
            {
                await ReleaseAsync(task.Key);
            }

            held.Remove(task.Key);
            return;
        }

        var outcome = OutcomeMapping.ToOutcome(task.Key, ending);
        tally.Count(ending, outcome);
        Finish(task, outcome);
    }

    private void Finish(AgentTask task, TaskOutcome outcome)
    {
        if (held.Finish(task))
        {
            outbox.Add(outcome);
        }
    }

    // Whoever stops an agent often stops its commands as well, at the same time or a moment before.
    private async Task<bool> WasStoppedFromOutsideAsync(AgentTask task, ProcessEnding ending)
    {
        if (OutcomeMapping.LooksStopped(ending) && !stopping.IsCancellationRequested)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token, task.Revoked);
            await Task.WhenAny(Task.Delay(settings.StopWindow, clock, either.Token));
        }

        var stopped = stopping.IsCancellationRequested && OutcomeMapping.MayBeStopped(ending);
        if (stopped)
        {
            log.Write($"{task.Key}: ended while the agent was told to stop ({OutcomeMapping.Describe(ending)}): not counted as a failure");
        }

        return stopped || task.Revoked.IsCancellationRequested;
    }

    private async Task ReleaseAsync(LeaseKey key)
    {
        using var limit = new CancellationTokenSource(settings.LastDelivery, clock);
        var backoff = new Backoff(clock);
        while (true)
        {
            try
            {
                await client.ReleaseAsync(key, limit.Token);
                log.Write($"{key}: given back");
                return;
            }
            catch (Exception failure) when (!limit.IsCancellationRequested
                && failure is NodeUnreachable or NodeRefused { Problem.IsTransient: true })
            {
                await Task.WhenAny(backoff.WaitAsync(limit.Token));
            }
            catch (Exception failure) when (failure is NodeUnreachable or NodeRefused or OperationCanceledException)
            {
                log.Write($"{key}: could not be given back: {failure.Message}");
                return;
            }
        }
    }
}
