using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;

namespace Morag.Samples.Worker;

/// <summary>Leases tasks, runs them, and delivers each outcome until the node has answered for it.</summary>
internal sealed class LeaseLoop(NodeClient node, HeldTasks held, ILogger<LeaseLoop> log) : BackgroundService
{
    public const int MaxConcurrentTasks = 4;

    /// <summary>How long a lease call waits for work, at most 30 s.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var running = new List<Task>();
        while (!stoppingToken.IsCancellationRequested)
        {
            running.RemoveAll(task => task.IsCompleted);
            if (running.Count == MaxConcurrentTasks)
            {
                await Task.WhenAny(running);
                continue;
            }

            foreach (var task in await LeaseAsync(MaxConcurrentTasks - running.Count, stoppingToken))
            {
                running.Add(RunAsync(task, stoppingToken));
            }
        }

        // Finished work is still delivered. Work that was cancelled returns to its queue when this worker unregisters.
        await Task.WhenAll(running);
    }

    private async Task<LeasedTask[]> LeaseAsync(int maxTasks, CancellationToken stopping)
    {
        // The same id for every attempt: if only the answer was lost, the next attempt gets the same leases.
        var request = new RequestId(Guid.NewGuid().ToString("n"));
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                return await node.LeaseAsync(maxTasks, Wait, request, stopping);
            }
            catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
            {
                await Task.Delay(RetryDelay, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return [];
    }

    private async Task RunAsync(LeasedTask task, CancellationToken stopping)
    {
        var leased = held.Add(task, stopping);
        try
        {
            log.LogInformation("{Task}: attempt {Attempt}", task.TaskId, task.Attempt);
            var result = await Task.Run(() => WordCount.Run(task.Payload, leased), leased);
            await DeliverAsync(() => node.CompleteAsync(task, result, CancellationToken.None));
            log.LogInformation("{Task}: completed", task.TaskId);
        }
        catch (OperationCanceledException) when (leased.IsCancellationRequested)
        {
            log.LogWarning("{Task}: stopped, because its lease is over or this worker stops", task.TaskId);
        }
        catch (Exception failure)
        {
            // A processing error counts against the task. A full disk would be FailureType.ResourceExhaustion, and so on.
            await DeliverAsync(() => node.FailAsync(task, FailureType.ProcessingError, failure.Message, CancellationToken.None));
            log.LogWarning("{Task}: failed: {Reason}", task.TaskId, failure.Message);
        }
        finally
        {
            held.Remove(task);
        }
    }

    /// <summary>Repeats a call until the node has answered it. Completions and failure reports are safe to repeat.</summary>
    private async Task DeliverAsync(Func<Task> call)
    {
        while (true)
        {
            try
            {
                await call();
                return;
            }
            catch (HttpRequestException failure) when (failure.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.NotFound)
            {
                log.LogWarning("too late: the task was given to another worker or has ended");
                return;
            }
            catch (HttpRequestException failure)
                when (failure.StatusCode is >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError
                    and not HttpStatusCode.TooManyRequests)
            {
                log.LogError("the node rejects this outcome and always will: {Reason}", failure.Message);
                return;
            }
            catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
            {
                await Task.Delay(RetryDelay);
            }
        }
    }
}
