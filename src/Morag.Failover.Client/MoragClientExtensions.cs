using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client;

/// <summary>Short forms of common calls.</summary>
public static class MoragClientExtensions
{
    /// <summary>Submits a task with the defaults of its queue.</summary>
    /// <param name="client">The client.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="payload">What the worker gets, written as JSON with snake_case names.</param>
    /// <param name="taskId">
    /// The id of the task. Choose one that follows from the work, and submitting the work twice runs it once. Null for a new id, which
    /// protects only against repetitions within this call.
    /// </param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The id of the task.</returns>
    public static async Task<TaskId> SubmitAsync<TPayload>(
        this IMoragClient client, string queue, TPayload payload, string? taskId = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(queue);
        var submitted = await client.SubmitAsync(
            new TaskSubmission
            {
                TaskId = new TaskId(taskId ?? Guid.CreateVersion7().ToString("N")),
                Queue = new QueueName(queue),
                Payload = JsonText.Of(payload),
            },
            cancellation);
        return submitted.TaskId;
    }
}
