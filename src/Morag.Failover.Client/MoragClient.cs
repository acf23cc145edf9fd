using System.Collections.Immutable;
using Morag.Failover.Client.Telemetry;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client;

/// <summary>A client over any transport. It repeats calls, and gives ids to those that have none.</summary>
public sealed partial class MoragClient : IMoragClient
{
    // The names and the limits of a submission take this much beside its texts.
    private const int SubmissionBytes = 512;

    private readonly IMoragTransport transport;
    private readonly RetryOptions retries;
    private readonly TimeProvider clock;

    /// <summary>Creates a client.</summary>
    /// <param name="transport">The transport. The client does not dispose it.</param>
    /// <param name="retries">How failed calls are repeated; null for the defaults.</param>
    /// <param name="clock">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException">An option is out of range. The message names it.</exception>
    public MoragClient(IMoragTransport transport, RetryOptions? retries = null, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(transport);
        this.transport = transport;
        this.retries = (retries ?? new RetryOptions()).Copy();
        this.clock = clock ?? TimeProvider.System;
        if (this.retries.BrokenRules(nameof(RetryOptions)).FirstOrDefault() is { } rule)
        {
            throw new ArgumentException(rule, nameof(retries));
        }
    }

    /// <inheritdoc />
    public async Task<SubmissionResult> SubmitAsync(TaskSubmission task, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        var submitted = await AskAsync<TasksSubmitted>(Submit([Checked(task)]), cancellation);
        return submitted.Results[0] is { Refused: { } refused } ? throw MoragException.Of(refused) : submitted.Results[0];
    }

    /// <inheritdoc />
    public async Task<ImmutableArray<SubmissionResult>> SubmitAllAsync(
        IEnumerable<TaskSubmission> tasks, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(tasks);

        // Nothing may fail here after a first call without the results of that call.
        ImmutableArray<TaskSubmission> all = [.. tasks.Select(Checked)];
        var results = ImmutableArray.CreateBuilder<SubmissionResult>(all.Length);
        foreach (var batch in all.InBatches(CallLimits.MaxEntries, BytesOf, MessageLimits.MaxGatheredBytes))
        {
            if (batch.IsEmpty)
            {
                continue;
            }

            try
            {
                results.AddRange((await AskAsync<TasksSubmitted>(Submit(batch), cancellation)).Results);
            }
            catch (MoragException failure) when (results.Count > 0)
            {
                throw new MoragPartlySubmittedException(results.DrainToImmutable(), failure);
            }
        }

        return results.DrainToImmutable();
    }

    /// <inheritdoc />
    public Task<TaskInfo> GetTaskAsync(TaskId task, CancellationToken cancellation = default) =>
        AskAsync<TaskInfo>(new GetTask { TaskId = Checked(task, task.Value, nameof(task)) }, cancellation);

    /// <inheritdoc />
    public Task CancelTaskAsync(TaskId task, string reason, CancellationToken cancellation = default) =>
        AskAsync<Done>(new CancelTask { TaskId = Checked(task, task.Value, nameof(task)), Reason = reason }, cancellation);

    /// <inheritdoc />
    public Task RequeueTaskAsync(RequeueTask requeue, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(requeue);
        _ = Checked(requeue.TaskId, requeue.TaskId.Value, nameof(requeue));
        return AskAsync<Done>(requeue, cancellation);
    }

    /// <inheritdoc />
    public Task<TasksAffected> CancelTasksAsync(
        TaskFilter filter, string reason, bool dryRun = false, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return AskAsync<TasksAffected>(new CancelTasks { Partition = 0, Filter = filter, Reason = reason, DryRun = dryRun }, cancellation);
    }

    /// <inheritdoc />
    public Task<TasksAffected> RequeueTasksAsync(
        TaskFilter filter,
        string reason,
        bool dryRun = false,
        QueueName? queue = null,
        JsonText? quality = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var requeue = new RequeueTasks
        {
            Partition = 0,
            Filter = filter,
            Reason = reason,
            DryRun = dryRun,
            Queue = queue,
            Quality = quality,
        };
        return AskAsync<TasksAffected>(requeue, cancellation);
    }

    /// <inheritdoc />
    public Task<FailureStatistics> GetFailureStatisticsAsync(CancellationToken cancellation = default) =>
        AskAsync<FailureStatistics>(new GetFailureStatistics { Partition = 0 }, cancellation);

    /// <inheritdoc />
    public async Task<ImmutableArray<FailoverDecision>> GetDecisionsAsync(TaskId task, CancellationToken cancellation = default)
    {
        var get = new GetTaskDecisions { TaskId = Checked(task, task.Value, nameof(task)) };
        return (await AskAsync<TaskDecisions>(get, cancellation)).Decisions;
    }

    /// <inheritdoc />
    public Task<FailoverDecision> ReportFailureAsync(ReportFailure report, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(report);
        _ = Checked(report.TaskId, report.TaskId.Value, nameof(report));
        return AskAsync<FailoverDecision>(report with { EventId = report.EventId ?? NewEvent() }, cancellation);
    }

    /// <inheritdoc />
    public Task<WorkerReliabilityScore> ReportSuccessesAsync(
        WorkerId worker, IEnumerable<ReportedSuccess> successes, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(successes);
        return AskAsync<WorkerReliabilityScore>(
            new RecordSuccesses
            {
                WorkerId = Checked(worker, worker.Value, nameof(worker)),
                Successes = [.. successes.Select(success => success with { EventId = success.EventId ?? NewEvent() })],
            },
            cancellation);
    }

    private static EventId NewEvent() => new(Guid.CreateVersion7().ToString("N"));

    private static SubmitTasks Submit(ImmutableArray<TaskSubmission> tasks) => new() { Partition = 0, Tasks = tasks };

    private static TaskSubmission Checked(TaskSubmission task)
    {
        _ = Checked(task.TaskId, task.TaskId.Value, nameof(task));
        return task;
    }

    private static long BytesOf(TaskSubmission task) => SubmissionBytes + task.Payload.Length + task.Quality.Length;

    // An id is part of a path, and one that breaks the rule would name another call.
    private static TId Checked<TId>(TId id, string? text, string parameter) =>
        Identifier.IsValid(text) ? id : throw new ArgumentException($"An id must be {Identifier.Rule}.", parameter);

    private async Task<T> AskAsync<T>(IWireMessage call, CancellationToken cancellation)
        where T : class, IWireMessage
    {
        using var span = CallTelemetry.Start(call, transport.Name);
        var message = CallTelemetry.WithTrace(call);
        var start = clock.GetTimestamp();
        var mayHaveHappened = false;
        for (var failures = 1; ; failures++)
        {
            try
            {
                var reply = await transport.AskAsync(message, retries.AttemptTimeout, cancellation);
                CallTelemetry.Succeeded(span, message, transport.Name, clock.GetElapsedTime(start));
                return reply as T
                    ?? throw new InvalidOperationException($"{message.GetType().Name} was answered with {reply.GetType().Name}");
            }
            catch (MoragException failure)
            {
                mayHaveHappened |= failure.OutcomeUnknown;
                var elapsed = clock.GetElapsedTime(start);
                var pause = RetryPlan.PauseBefore(
                    failure, Repetition.IsSafe(message), failures, elapsed, retries.Budget, Random.Shared.NextDouble());
                if (pause is null)
                {
                    CallTelemetry.Failed(span, message, transport.Name, elapsed, failure);
                    if (mayHaveHappened)
                    {
                        failure.OnEarlierAttemptLost();
                    }

                    throw;
                }

                CallTelemetry.Repeats(message, transport.Name, failure);
                await Task.Delay(pause.Value, clock, cancellation);
            }
        }
    }
}
