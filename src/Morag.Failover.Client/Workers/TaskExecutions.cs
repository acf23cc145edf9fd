using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Morag.Failover.Client.Telemetry;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Workers;

/// <summary>
/// Runs the handler for each lease, and delivers the outcome. Whatever fails, the task gets an outcome, and its slot becomes free when the
/// handler has ended.
/// </summary>
internal sealed class TaskExecutions(
    WorkerCalls calls,
    HeldTasks held,
    WorkerTally tally,
    OutcomeReporter reporter,
    MoragWorkerOptions options,
    Func<TaskRun, CancellationToken, Task<JsonText>> handle,
    WorkerLog log,
    TimeProvider clock) : ILeaseTarget, IDisposable
{
    private readonly ConcurrentDictionary<LeaseKey, Task> running = new();
    private readonly CancellationTokenSource cancelling = new();
    private readonly CancellationTokenSource givingUp = new();

    /// <summary>The number of tasks without a delivered outcome.</summary>
    public int Count => running.Count;

    public void Start(LeasedTask lease)
    {
        if (held.TryAdd(lease) is { } task)
        {
            log.Leased(task.Key, lease.Queue, lease.Attempt);
            Track(task.Key, Task.Run(() => RunAsync(task)));
        }
    }

    /// <summary>Reports a lease that cannot be read as a failure of its task, because no other worker could read it either.</summary>
    public void RejectUnreadable(UnreadableLease lease)
    {
        log.Unreadable(lease.Key, lease.Problem);
        if (lease.Key is { } key)
        {
            var outcome = new RunOutcome.Failed(
                FailureType.ProcessingError, $"the worker cannot read the task's lease: {lease.Problem}", JsonText.EmptyObject);
            Track(key, Task.Run(() => DeliverAsync(key, outcome)));
        }
    }

    /// <summary>Cancels every handler, and gives the tasks back.</summary>
    public Task CancelAllAsync() => cancelling.CancelAsync();

    /// <summary>Ends the attempts to deliver outcomes.</summary>
    public Task GiveUpAsync() => givingUp.CancelAsync();

    /// <summary>Waits until every task has a delivered outcome; false if that takes longer than <paramref name="within"/>.</summary>
    public async Task<bool> WaitForAllAsync(TimeSpan within)
    {
        try
        {
            await Task.WhenAll(running.Values).WaitAsync(within, clock);
            return true;
        }
        catch (TimeoutException)
        {
            return running.IsEmpty;
        }
    }

    public void Dispose()
    {
        cancelling.Dispose();
        givingUp.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "a defect of the worker is a failure of this task, and must not keep its slot")]
    private async Task RunAsync(WorkerTask task)
    {
        using var span = TaskTelemetry.Start(task.Lease);
        var started = clock.GetTimestamp();
        try
        {
            using var progress = new ProgressReporter(
                (update, cancellation) => calls.ReportProgressAsync(task.Key, update, cancellation), clock);
            var outcome = await InvokeAsync(task, progress);
            await progress.EndAsync(outcome.NeedsProgress ? ProgressReporter.LastWait : TimeSpan.Zero);
            _ = held.Finish(task);
            var duration = clock.GetElapsedTime(started);
            tally.Count(outcome is RunOutcome.Completed, duration);
            TaskTelemetry.Ended(span, task.Lease, outcome, duration);
            await DeliverAsync(task.Key, outcome);
        }
        catch (Exception defect)
        {
            log.LoopFailed("execution", defect);
        }
        finally
        {
            held.Remove(task.Key);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "nobody else observes a defect of the delivery")]
    private async Task DeliverAsync(LeaseKey lease, RunOutcome outcome)
    {
        try
        {
            await reporter.DeliverAsync(lease, outcome, givingUp.Token);
        }
        catch (OperationCanceledException) when (givingUp.IsCancellationRequested)
        {
            log.Late(lease, "the worker stopped before it could be delivered");
        }
        catch (Exception defect)
        {
            log.LoopFailed("delivery", defect);
        }
    }

    private void Track(LeaseKey lease, Task run)
    {
        running[lease] = run;

        // It may have ended before it was added.
        _ = run.ContinueWith(
            _ => running.TryRemove(lease, out var _),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private async Task<RunOutcome> InvokeAsync(WorkerTask task, ProgressReporter progress)
    {
        // Not disposed while the handler may still use its token.
        var over = CancellationTokenSource.CreateLinkedTokenSource(task.TimedOut, task.Revoked, cancelling.Token);
        // Read now: the source may be disposed as soon as the handler ends.
        var isOver = over.Token;
        var run = new TaskRun(
            task.Lease, update => Report(task, progress, update), (by, cancellation) => ExtendAsync(task, by, cancellation));
        var work = Task.Run(() => handle(run, isOver), CancellationToken.None);
        var ended = work.ContinueWith(
            finished =>
            {
                // An abandoned handler may fail when nobody waits for it any more.
                _ = finished.Exception;
                over.Dispose();
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        if (!await EndsAsync(work, isOver))
        {
            _ = held.OccupySlotAsync(ended);
        }

        return OutcomeOf(task, work);
    }

    private static void Report(WorkerTask task, ProgressReporter progress, ProgressUpdate update)
    {
        task.Progress = update.Percent / 100 ?? task.Progress;
        progress.Report(update);
    }

    /// <summary>Waits for the handler; false if it goes on long after its token was cancelled.</summary>
    private async Task<bool> EndsAsync(Task work, CancellationToken over)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (over.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), cancelled))
        {
            if (await Task.WhenAny(work, cancelled.Task) == work)
            {
                return true;
            }
        }

        using var early = new CancellationTokenSource();
        var limit = Task.Delay(options.AbandonTimeout, clock, early.Token);
        var first = await Task.WhenAny(work, limit);
        await early.CancelAsync();
        return first == work;
    }

    private RunOutcome OutcomeOf(WorkerTask task, Task<JsonText> work)
    {
        if (task.Revoked.IsCancellationRequested)
        {
            return new RunOutcome.Dropped();
        }

        if (work.IsCompletedSuccessfully)
        {
            return new RunOutcome.Completed(work.GetAwaiter().GetResult());
        }

        if (cancelling.IsCancellationRequested)
        {
            return new RunOutcome.Released();
        }

        if (task.TimedOut.IsCancellationRequested)
        {
            var late = work.IsCompleted ? "" : "; the handler is still running";
            return new RunOutcome.Failed(
                FailureType.TaskTimeout, $"the lease expired before the handler ended{late}", JsonText.EmptyObject);
        }

        return Failure(task.Key, FailureOf(work));
    }

    /// <summary>What the handler threw. A task that ended as cancelled has no exception, but rethrows the one that cancelled it.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "it is reported as the failure of the task")]
    private static Exception FailureOf(Task work)
    {
        try
        {
            work.GetAwaiter().GetResult();
            return new TaskCanceledException(work);
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    private RunOutcome.Failed Failure(LeaseKey lease, Exception failure)
    {
        log.HandlerFailed(lease, failure);
        if (failure is TaskFailedException known)
        {
            return new RunOutcome.Failed(known.FailureType, known.Message, known.Context);
        }

        var type = Classified(lease, failure) ?? FailureClassification.Of(failure);
        var context = JsonText.Of(new { exception = failure.GetType().FullName });
        return new RunOutcome.Failed(type, $"{failure.GetType().Name}: {failure.Message}", context);
    }

    [SuppressMessage("Design", "CA1031", Justification = "the failure that it was asked about is reported all the same")]
    private FailureType? Classified(LeaseKey lease, Exception failure)
    {
        try
        {
            return options.ClassifyFailure?.Invoke(failure);
        }
        catch (Exception defect)
        {
            log.HandlerFailed(lease, defect);
            return null;
        }
    }

    private async Task ExtendAsync(WorkerTask task, TimeSpan by, CancellationToken cancellation)
    {
        try
        {
            var answer = await calls.ExtendAsync(task.Key, by, cancellation);
            if (answer.Refused is { } refused)
            {
                throw MoragException.Of(refused);
            }

            if (answer.Deadline is { } deadline)
            {
                held.Extend(task.Key, deadline);
            }
        }
        catch (Exception ended) when (ended is MoragConflictException or MoragNotFoundException)
        {
            // The task is another worker's, finished, or forgotten since.
            throw MoragLeaseEndedException.Of((MoragException)ended);
        }
    }
}
