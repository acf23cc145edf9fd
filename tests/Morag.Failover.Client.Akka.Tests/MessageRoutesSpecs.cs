using CsCheck;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Partitioning;

namespace Morag.Failover.Client.Akka.Tests;

/// <summary>Where messages go, and how replies of several partitions become one.</summary>
public sealed class MessageRoutesSpecs
{
    public static TheoryData<IWireMessage, string> Messages => new()
    {
        { new GetTask { TaskId = new("a") }, FailoverClient.Queues },
        { new CancelTask { TaskId = new("a") }, FailoverClient.Queues },
        { new ExtendLease { TaskId = new("a"), WorkerId = new("w"), Epoch = new(1) }, FailoverClient.Queues },
        { new GetTaskDecisions { TaskId = new("a") }, FailoverClient.Coordinators },
        { new ReportFailure { TaskId = new("a"), FailureType = FailureType.TaskTimeout }, FailoverClient.Coordinators },
        { new RequestLeases { WorkerId = new("w") }, FailoverClient.Workers },
        { new GetWorker { WorkerId = new("w") }, FailoverClient.Workers },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public void Should_send_a_message_to_its_owner(IWireMessage message, string path)
    {
        var part = Assert.Single(new MessageRoutes(4, 4).Split(message));

        Assert.Equal(new RoutedMessage(path, message), part.Routed);
    }

    [Fact]
    public void Should_ask_the_bucket_of_the_worker_before_it_registers()
    {
        var register = new RegisterWorker
        {
            Registration = new WorkerRegistration { WorkerId = new("w"), Capability = WorkerCapability.Cpu },
        };

        var admission = new MessageRoutes(1, 8).Admission(register);

        Assert.Equal(
            new RoutedMessage(
                FailoverClient.Directory, new AdmitWorker { Bucket = Partition.Of(new WorkerId("w"), 8), WorkerId = new("w") }),
            admission);
    }

    [Fact]
    public void Should_send_each_task_to_its_partition_and_return_the_results_in_order() =>
        Gen.Select(Gen.Int[1, 200], Gen.Int[1, 9]).Sample((count, partitions) =>
        {
            var tasks = Enumerable.Range(0, count)
                .Select(number => new TaskSubmission { TaskId = new($"task-{number}"), Queue = new("q") }).ToList();

            var parts = new MessageRoutes(partitions, 1).Split(new SubmitTasks { Partition = 0, Tasks = [.. tasks] });
            var joined = (TasksSubmitted)MessageRoutes.Join(parts, [.. parts.Select(part => Reply((SubmitTasks)part.Routed.Message))]);

            Assert.Equal(tasks.Select(task => task.TaskId), joined.Results.Select(result => result.TaskId));
            Assert.All(parts.Select(part => (SubmitTasks)part.Routed.Message), sent => Assert.All(
                sent.Tasks, task => Assert.Equal(sent.Partition, Partition.Of(task.TaskId, partitions))));
        });

    private static TasksSubmitted Reply(SubmitTasks sent) => new()
    {
        Results = [.. sent.Tasks.Select(task => new SubmissionResult { TaskId = task.TaskId })],
    };
}
