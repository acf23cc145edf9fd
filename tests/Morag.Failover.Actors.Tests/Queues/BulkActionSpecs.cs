using Morag.Failover.Actors.Queues;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Queues;

/// <summary>Bulk actions of a queue partition: durable when they are answered, and safe to repeat after a crash.</summary>
public sealed class BulkActionSpecs(ITestOutputHelper output) : OwnerSpec(output)
{
    /// <summary>More than two events' worth.</summary>
    private const int Tasks = 1_200;

    private Props Entity => QueueActor.Props(0, FailoverSettings.Default, Regions, Outages, NoEpochFloors.Instance);

    [Fact]
    public async Task Should_continue_an_action_after_a_crash_and_undo_it()
    {
        var queue = Start(Entity);
        foreach (var chunk in Enumerable.Range(0, Tasks).Chunk(1_000))
        {
            queue.Tell(new SubmitTasks { Partition = 0, Tasks = [.. chunk.Select(Task)] }, TestActor);
            await ExpectMsgAsync<TasksSubmitted>();
        }

        // What a crash after the first events leaves: some tasks carry the id.
        Assert.Equal(600, (await RunAsync(queue, Prioritize("payload<600"))).Count);
        queue = await KillAndRecoverAsync(queue, Entity);

        Assert.Equal(0, (await RunAsync(queue, Prioritize("payload<600"), dryRun: true)).Count);
        Assert.Equal(Tasks - 600, (await RunAsync(queue, Prioritize("payload>=0"))).Count);
        Assert.Equal(0, (await RunAsync(queue, Prioritize("payload>=0"))).Count);
        queue = await KillAndRecoverAsync(queue, Entity);
        queue.Tell(new GetTask { TaskId = new("t7") }, TestActor);
        Assert.Equal(TaskPriority.Urgent, (await ExpectMsgAsync<TaskInfo>()).Priority);

        var undo = Prioritize("bulk:b1") with { Id = new("b2"), Kind = BulkKind.Undo, Undoes = new("b1") };
        var undone = await RunAsync(queue, undo);
        Assert.Equal((Tasks, 100), (undone.Count, undone.Sample.Length));
        Assert.Equal(0, (await RunAsync(queue, undo)).Count);
        queue.Tell(new GetTask { TaskId = new("t7") }, TestActor);
        var task = await ExpectMsgAsync<TaskInfo>();
        Assert.Equal(TaskPriority.Normal, task.Priority);
        Assert.Equal(["submitted", "reprioritized", "reprioritized"], task.History.Select(entry => entry.What));
    }

    private static TaskSubmission Task(int number) =>
        new() { TaskId = new($"t{number}"), Queue = new("cpu_standard"), Payload = JsonText.Of(number) };

    private static BulkOrder Prioritize(string filter) => new()
    {
        Id = new("b1"),
        Kind = BulkKind.Prioritize,
        Filter = filter,
        Priority = TaskPriority.Urgent,
        Reason = "spec",
        By = "ann",
    };

    private async Task<TasksAffected> RunAsync(IActorRef queue, BulkOrder order, bool dryRun = false)
    {
        queue.Tell(new ChangeTasks { Partition = 0, Order = order, At = DateTimeOffset.UnixEpoch, DryRun = dryRun }, TestActor);
        return await ExpectMsgAsync<TasksAffected>();
    }
}
