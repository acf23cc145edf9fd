using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Partitioning;

namespace Morag.Failover.Actors.Tests.Cluster;

/// <summary>A failure is decided once, whichever way its reports come into the cluster.</summary>
[Collection(nameof(ClusterCollection))]
public sealed class ReportFailureSpecs(ClusterNodes nodes)
{
    [Fact]
    public async Task Should_decide_once_when_every_way_brings_the_same_report_of_a_task_held_elsewhere()
    {
        for (var number = 0; number < 8; number++)
        {
            var report = new ReportFailure
            {
                TaskId = new($"elsewhere-{number}"),
                WorkerId = new($"elsewhere-{number}"),
                EventId = new("seen-by-all"),
                FailureType = FailureType.NetworkFailure,
                ErrorMessage = "no route to host",
            };

            var decisions = await Task.WhenAll(nodes.Ways.Values.Select(way => way.AskCoordinators<FailoverDecision>(report)));

            await AssertDecidedOnce(report.TaskId, decisions);
            var score = await nodes.Ways["client"].AskWorkers<WorkerReliabilityScore>(
                new GetWorkerReliability { WorkerId = report.WorkerId.Value });
            Assert.Equal(1, score.FailureCount);
        }
    }

    [Fact]
    public async Task Should_decide_once_when_each_way_tells_of_the_end_of_one_lease_in_its_own_words()
    {
        for (var number = 0; number < 8; number++)
        {
            var worker = new WorkerId($"holder-{number}");
            var lease = await LeaseAsync(worker, new TaskId($"held-{number}"), nodes.Ways["client"]);
            ReportFailure Report(FailureType type, ReportSource source) => new()
            {
                TaskId = lease.TaskId,
                WorkerId = worker,
                Epoch = lease.Epoch,
                FailureType = type,
                Source = source,
            };

            var decisions = await Task.WhenAll(
                nodes.Ways["first node"].AskCoordinators<FailoverDecision>(Report(FailureType.WorkerOverloaded, ReportSource.LeaseHolder)),
                nodes.Ways["second node"].AskCoordinators<FailoverDecision>(Report(FailureType.TaskTimeout, ReportSource.Observer)),
                nodes.Ways["client"].AskCoordinators<FailoverDecision>(Report(FailureType.WorkerOffline, ReportSource.Observer)));

            await AssertDecidedOnce(lease.TaskId, decisions);
        }
    }

    private async Task AssertDecidedOnce(TaskId task, FailoverDecision[] answers)
    {
        Assert.Single(answers.Select(decision => decision.DecisionMetadata.FailureId).Distinct());
        foreach (var way in nodes.Ways.Values)
        {
            var kept = await way.AskCoordinators<TaskDecisions>(new GetTaskDecisions { TaskId = task });
            Assert.Equal(answers[0].DecisionMetadata.FailureId, Assert.Single(kept.Decisions).DecisionMetadata.FailureId);
        }

        Assert.Empty(nodes.Errors);
    }

    private static async Task<LeasedTask> LeaseAsync(WorkerId worker, TaskId task, WayIn way)
    {
        await way.AskWorkers<WorkerRegisteredReply>(new RegisterWorker
        {
            // Nobody else takes the task.
            Registration = new() { WorkerId = worker, Capability = WorkerCapability.Cpu, SupportedContentTypes = [worker.Value] },
        });
        await way.AskQueues<TasksSubmitted>(new SubmitTasks
        {
            Partition = Partition.Of(task, ClusterNodes.Settings.Partitions.Queues),
            Tasks = [new TaskSubmission { TaskId = task, Queue = new("cpu_standard"), ContentType = worker.Value }],
        });
        var granted = await way.AskWorkers<LeasesGranted>(new RequestLeases { WorkerId = worker, Wait = TimeSpan.FromSeconds(10) });
        return Assert.Single(granted.Leases);
    }
}
