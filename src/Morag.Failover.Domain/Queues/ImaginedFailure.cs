using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>The facts of a failure that has not happened, from the state of the task as it is.</summary>
public static class ImaginedFailure
{
    /// <summary>Describes the failure.</summary>
    public static FailureDescribed Describe(QueueState state, DescribeFailure question, PolicySettings policy, DateTimeOffset now)
    {
        var reply = new FailureDescribed { TaskId = question.TaskId, FailureId = question.FailureId };
        if (state.Tasks.GetValueOrDefault(question.TaskId) is not { } task)
        {
            return reply;
        }

        if (task.State is TaskState.Succeeded or TaskState.Cancelled)
        {
            return reply with { Finished = TaskDescription.Of(task) };
        }

        var lease = task.State == TaskState.Leased ? task.Lease : null;
        var imagined = new PendingFailure
        {
            Epoch = lease?.Epoch ?? LeaseEpoch.None,
            WorkerId = question.WorkerId ?? lease?.WorkerId,
            FailureType = question.FailureType,
            OccurredAt = now,
        };
        return reply with { Failure = LeaseFailure.Of(task, imagined, policy) };
    }
}
