using Morag.Failover.Actors.Workers;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Actors.Tests.Workers;

/// <summary>Which partition is asked next for which of a worker's waiting calls.</summary>
public sealed class LeaseDemandSpecs
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly LeaseDemand demand = new(partitions: 1, unansweredAfter: TimeSpan.FromSeconds(2));

    [Fact]
    public void Should_ask_once_for_all_calls_that_want_the_same_when_there_is_nothing()
    {
        Enter();
        Enter();
        Enter("cpu_batch");

        Assert.Empty(Answer(Ask()!).Callers[0].Request.Queues);
        Assert.Equal("cpu_batch", Answer(Ask()!).Callers[0].Request.Queues[0].Value);
        Assert.Null(Ask());
    }

    [Fact]
    public void Should_ask_one_by_one_for_calls_when_they_have_request_ids()
    {
        Enter(new RequestId("a"));
        Enter();
        Enter(new RequestId("b"));
        Enter();

        Assert.Single(Answer(Ask()!).Callers);
        demand.WorkAt(0);
        demand.Served([demand.Waiting.First()]);
        Assert.Equal(2, Ask()!.Callers.Length);
    }

    [Fact]
    public void Should_ask_for_every_call_again_when_work_came_while_the_empty_answer_was_on_its_way()
    {
        Enter();
        Enter();
        var question = Ask()!;
        demand.WorkAt(0);

        Answer(question);

        Assert.NotNull(Ask());
    }

    [Fact]
    public void Should_ask_for_the_next_call_when_one_was_served()
    {
        Enter();
        Enter();
        Answer(Ask()!);
        demand.WorkAt(0);
        var question = Ask()!;
        _ = demand.Answered(0);
        demand.Served([question.Callers[0]]);

        var next = Ask();

        Assert.NotNull(next);
        Assert.Same(question.Callers[1], next.Callers[0]);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Should_ask_nobody_when_a_partition_that_does_not_exist_has_work(int partition)
    {
        Enter();
        Answer(Ask()!);

        demand.WorkAt(partition);

        Assert.Null(Ask());
    }

    private void Enter(params string[] queues) => Enter(null, queues);

    private void Enter(RequestId? request, params string[] queues) => demand.Enter(
        new RequestLeases
        {
            WorkerId = new("w"),
            MaxTasks = 1,
            Wait = TimeSpan.FromSeconds(30),
            RequestId = request,
            Queues = [.. queues.Select(queue => new QueueName(queue))],
        },
        ActorRefs.Nobody,
        repeatFirst: false,
        Now);

    private LeaseDemand.Question? Ask() => demand.Next(mayLease: true, _ => true, Now);

    private LeaseDemand.Question Answer(LeaseDemand.Question question)
    {
        Assert.Same(question, demand.Answered(question.Partition));
        demand.NothingFor(question);
        return question;
    }
}
