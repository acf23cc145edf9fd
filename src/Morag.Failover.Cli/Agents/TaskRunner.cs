using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Morag.Failover.Client.Connection;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents;

/// <summary>
/// Runs each leased task, and then adds its outcome to the outbox or releases the lease. Whatever fails on the way, the task gets an
/// outcome, and its slot becomes free when its processes are gone.
/// </summary>
internal sealed class TaskRunner(
    AgentSettings settings,
    TaskProcess process,
    HeldTasks held,
    OutcomeOutbox outbox,
    WorkerClient client,
    WorkerTally tally,
    AgentLog log,
    TimeProvider clock) : ILeaseTarget, IDisposable
{
    private readonly ConcurrentDictionary<LeaseKey, Task> running = new();
    private readonly ProblemLog unreadable = new(log);
    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource cancelling = new();

    /// <summary>The number of tasks that are neither in the outbox nor released.</summary>
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

    /// <summary>Reports a lease that cannot be read as a failure of its task, because no other agent could read it either.</summary>
    public void RejectUnreadable(UnreadableLease lease)
    {
        if (lease.Key is { } key)
        {
            log.Write($"{key}: the lease cannot be read: {lease.Problem}");
            outbox.Add(TaskOutcome.Failed(
                key, FailureType.ProcessingError, $"the agent cannot read the task's lease: {lease.Problem}", JsonText.EmptyObject));
        }
        else
        {
            unreadable.Report(
                $"a lease from the node cannot be read: {lease.Problem}; the node takes it back, because heartbeats do not list it");
        }
    }

    /// <summary>Stops the runner. From now on, tasks whose commands seem to have been stopped as well are released.</summary>
    public Task StopAsync() => stopping.CancelAsync();

    /// <summary>Ends every command and releases its task.</summary>
    public Task CancelAllAsync() => cancelling.CancelAsync();

    /// <summary>Waits until every task is in the outbox or released; false if that takes longer than <paramref name="within"/>.</summary>
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

    [SuppressMessage("Design", "CA1031", Justification = "Last resort: a defect must not cost a slot or an outcome.")]
    private async Task WorkAsync(WorkerTask task)
    {
        try
        {
            using var unwanted = CancellationTokenSource.CreateLinkedTokenSource(task.Revoked, cancelling.Token);
            using var progress = new ProgressReporter(new TaskReports(task.Key, client, log).SendAsync, clock);
            var run = await process.RunAsync(
                task.Lease,
                update =>
                {
                    task.Progress = update.Percent / 100 ?? task.Progress;
                    progress.Report(update);
                },
                task.TimedOut,
                unwanted.Token);
            if (run.Remaining is { } remaining)
            {
                _ = KeepSlotAsync(task.Key, remaining);
            }

            await SettleAsync(task, run.Ending, progress);
        }
        catch (Exception failure)
        {
            log.Write($"{task.Key}: internal error: {failure}");
            Finish(task, TaskOutcome.Failed(
                task.Key, FailureType.WorkerOverloaded, $"the agent could not run the task: {failure.Message}", JsonText.EmptyObject));
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Last resort: the error is logged, and the slot becomes free.")]
    private async Task KeepSlotAsync(LeaseKey key, Task remaining)
    {
        try
        {
            await held.OccupySlotAsync(remaining);
        }
        catch (Exception failure)
        {
            log.Write($"{key}: internal error while waiting for a process to end: {failure}");
        }
    }

    private async Task SettleAsync(WorkerTask task, ProcessEnding ending, ProgressReporter progress)
    {
        if (ending.Cause == EndCause.Cancelled || await WasStoppedFromOutsideAsync(task, ending))
        {
            if (!task.Revoked.IsCancellationRequested)
            {
                await progress.EndAsync(ProgressReporter.LastWait);
                await ReleaseAsync(task.Key);
            }

            held.Remove(task.Key);
            return;
        }

        var outcome = OutcomeMapping.ToOutcome(task.Key, ending);
        tally.Count(outcome.IsSuccess, ending.Duration);
        if (!outcome.IsSuccess)
        {
            await progress.EndAsync(ProgressReporter.LastWait);
        }

        Finish(task, outcome);
    }

    private void Finish(WorkerTask task, TaskOutcome outcome)
    {
        if (held.Finish(task))
        {
            outbox.Add(outcome);
        }
    }

    // Supervisors often stop the commands too, at the same time as the agent or a moment earlier.
    private async Task<bool> WasStoppedFromOutsideAsync(WorkerTask task, ProcessEnding ending)
    {
        if (OutcomeMapping.LooksStopped(ending) && !stopping.IsCancellationRequested)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token, task.Revoked);
            await Task.WhenAny(Task.Delay(settings.StopWindow, clock, either.Token));
        }

        var stopped = stopping.IsCancellationRequested && OutcomeMapping.MayBeStopped(ending);
        if (stopped)
        {
            log.Write($"{task.Key}: stopped together with the agent ({OutcomeMapping.Describe(ending)}); not counted as a failure");
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
                log.Write($"{key}: released");
                return;
            }
            catch (Exception failure) when (!limit.IsCancellationRequested
                && failure is NodeUnreachable or NodeRefused { Problem.IsTransient: true })
            {
                await Task.WhenAny(backoff.WaitAsync(limit.Token));
            }
            catch (Exception failure) when (failure is NodeUnreachable or NodeRefused or OperationCanceledException)
            {
                log.Write($"{key}: cannot release the lease: {failure.Message}");
                return;
            }
        }
    }
}
