using Morag.Failover.Actors.Queues;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Queues;

/// <summary>Searches of a queue partition.</summary>
public sealed class SearchSpecs(ITestOutputHelper output) : OwnerSpec(output)
{
    private Props Entity => QueueActor.Props(0, FailoverSettings.Default, Regions, Outages, NoEpochFloors.Instance);

    [Fact]
    public async Task Should_find_durable_tasks_before_and_after_a_crash()
    {
        var queue = Start(Entity);
        queue.Tell(
            new SubmitTasks { Partition = 0, Tasks = [.. Enumerable.Range(0, 5).Select(number => Task($"t{number}"))] }, TestActor);
        await ExpectMsgAsync<TasksSubmitted>();

        Assert.Equal(["t3", "t1"], await FindAsync(queue, "payload.odd:true", "-id"));
        queue = await KillAndRecoverAsync(queue, Entity);
        Assert.Equal(["t3", "t1"], await FindAsync(queue, "payload.odd:true", "-id"));
    }

    [Theory]
    [InlineData("nothing:1", "", "filter")]
    [InlineData("", "payload", "sort")]
    public async Task Should_refuse_a_search_that_it_cannot_read(string filter, string sort, string field)
    {
        Start(Entity).Tell(Search(filter, sort), TestActor);

        Assert.Equal(field, (await ExpectMsgAsync<Refused>()).Field);
    }

    [Fact]
    public void Should_run_half_as_many_searches_as_there_are_cores_and_the_others_in_turn()
    {
        var gate = new SearchGate();
        var running = new Queue<Action>();
        var most = Math.Max(1, Environment.ProcessorCount / 2);
        for (var number = 0; number < most + SearchGate.MostWaiting; number++)
        {
            Assert.True(gate.TryRun(running.Enqueue));
        }

        Assert.Equal(most, running.Count);
        Assert.False(gate.TryRun(running.Enqueue));
        var finished = 0;
        for (; running.TryDequeue(out var done); finished++)
        {
            done();
            Assert.True(running.Count <= most);
        }

        Assert.Equal(most + SearchGate.MostWaiting, finished);
        Assert.True(gate.TryRun(running.Enqueue));
        Assert.Single(running);
    }

    private static TaskSubmission Task(string id) => new()
    {
        TaskId = new(id),
        Queue = new("cpu_standard"),
        Payload = JsonText.Trusted($$"""{"odd":{{(id is "t1" or "t3" ? "true" : "false")}}}"""),
    };

    private static SearchTasks Search(string filter, string sort) =>
        new() { Partition = 0, Filter = filter, Sort = sort, At = DateTimeOffset.UnixEpoch };

    private async Task<IEnumerable<string>> FindAsync(IActorRef queue, string filter, string sort)
    {
        queue.Tell(Search(filter, sort), TestActor);
        return (await ExpectMsgAsync<TaskMatches>()).Tasks.Select(task => task.TaskId.Value);
    }
}
