using System.Collections.Immutable;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Client;

/// <content>Reading and operating queues.</content>
public sealed partial class MoragClient
{
    /// <inheritdoc />
    public async Task<ImmutableArray<QueueStats>> GetQueuesAsync(CancellationToken cancellation = default) =>
        (await AskAsync<QueueStatsReply>(new GetQueueStats { Partition = 0 }, cancellation)).Queues;

    /// <inheritdoc />
    public Task<QueueControlReport> GetQueueControlAsync(QueueName queue, CancellationToken cancellation = default) =>
        AskAsync<QueueControlReport>(new GetQueueControl { Queue = Checked(queue) }, cancellation);

    /// <inheritdoc />
    public Task<QueueControlReport> PauseQueueAsync(QueueName queue, string reason, CancellationToken cancellation = default) =>
        AskAsync<QueueControlReport>(new PauseQueue { Queue = Checked(queue), Reason = reason }, cancellation);

    /// <inheritdoc />
    public Task<QueueControlReport> ResumeQueueAsync(QueueName queue, string reason, CancellationToken cancellation = default) =>
        AskAsync<QueueControlReport>(new ResumeQueue { Queue = Checked(queue), Reason = reason }, cancellation);

    /// <inheritdoc />
    public Task<QueueControlReport> SetQueueLimitsAsync(
        QueueName queue,
        QueueLimits limits,
        string reason,
        IEnumerable<QueueLimit>? reset = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(limits);
        return AskAsync<QueueControlReport>(
            new SetQueueLimits { Queue = Checked(queue), Limits = limits, Reset = [.. reset ?? []], Reason = reason }, cancellation);
    }

    private static QueueName Checked(QueueName queue) => Checked(queue, queue.Value, nameof(queue));
}
