using System.Collections.Immutable;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client;

/// <content>Reading and operating workers.</content>
public sealed partial class MoragClient
{
    /// <inheritdoc />
    public Task<WorkerInfo> GetWorkerAsync(WorkerId worker, CancellationToken cancellation = default) =>
        AskAsync<WorkerInfo>(new GetWorker { WorkerId = Checked(worker) }, cancellation);

    /// <inheritdoc />
    public Task<WorkerReliabilityScore> GetReliabilityAsync(WorkerId worker, CancellationToken cancellation = default) =>
        AskAsync<WorkerReliabilityScore>(new GetWorkerReliability { WorkerId = Checked(worker) }, cancellation);

    /// <inheritdoc />
    public Task<WorkerStats> GetWorkerStatsAsync(CancellationToken cancellation = default) =>
        AskAsync<WorkerStats>(new GetWorkerStats { Bucket = 0 }, cancellation);

    /// <inheritdoc />
    public Task DrainWorkerAsync(WorkerId worker, string reason, TimeSpan? deadline = null, CancellationToken cancellation = default) =>
        AskAsync<Done>(new DrainWorker { WorkerId = Checked(worker), Reason = reason, Deadline = deadline }, cancellation);

    /// <inheritdoc />
    public Task ResumeWorkerAsync(WorkerId worker, CancellationToken cancellation = default) =>
        AskAsync<Done>(new ResumeWorker { WorkerId = Checked(worker) }, cancellation);

    /// <inheritdoc />
    public async Task<ImmutableArray<FailoverDecision>> TakeWorkerOfflineAsync(
        WorkerId worker, string reason, CancellationToken cancellation = default) =>
        (await AskAsync<TaskDecisions>(new TakeWorkerOffline { WorkerId = Checked(worker), Reason = reason }, cancellation)).Decisions;

    /// <inheritdoc />
    public Task<WorkerReliabilityScore> SetBreakerAsync(
        WorkerId worker, BreakerAction action, string reason, CancellationToken cancellation = default) =>
        AskAsync<WorkerReliabilityScore>(
            new SetBreaker { WorkerId = Checked(worker), Action = action, Reason = reason }, cancellation);

    /// <inheritdoc />
    public Task UnregisterWorkerAsync(WorkerId worker, CancellationToken cancellation = default) =>
        AskAsync<Done>(new UnregisterWorker { WorkerId = Checked(worker) }, cancellation);

    private static WorkerId Checked(WorkerId worker) => Checked(worker, worker.Value, nameof(worker));
}
