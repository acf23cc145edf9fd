using Morag.Failover.Contracts.Ids;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Tests.Queues;

/// <summary>How a worker's entity learns that leases ended.</summary>
public sealed class OutcomeSpecs
{
    private readonly QueueUnderTest queue = new();

    [Fact]
    public void Should_hint_at_free_room_when_a_worker_completes_returns_or_fails_a_lease()
    {
        queue.Submit("completed", "returned", "failed");
        _ = queue.Lease("w", 3);

        queue.Complete("w", "completed", new(1));
        Assert.Equal("completed", FreedByLast());
        queue.Release("w", "returned", new(2));
        Assert.Equal("returned", FreedByLast());
        queue.Fail("failed", "w", new(3));
        Assert.Equal("failed", FreedByLast());
    }

    [Fact]
    public void Should_ask_for_an_immediate_write_when_many_outcomes_wait_behind_a_batch()
    {
        var tasks = Enumerable.Range(0, 101).Select(number => $"t{number}").ToArray();
        queue.Submit(tasks);
        _ = queue.Lease("w", tasks.Length);
        for (var number = 0; number < 100; number++)
        {
            queue.Complete("w", tasks[number], new(number + 1));
        }

        Assert.False(Outbox.HasManyWaiting);
        queue.Complete("w", tasks[100], new(101));
        Assert.True(Outbox.HasManyWaiting);
        queue.Acknowledge("w");
        Assert.False(Outbox.HasManyWaiting);
        Assert.Equal(100, queue.BatchFor("w")!.Outcomes.Length);
    }

    private Outbox Outbox => queue.State.ShareOf(new("w")).Outbox;

    private string FreedByLast()
    {
        var freed = Assert.Single(OutcomeDelivery.HintsFor(queue.Events[^1], partition: 0));
        Assert.Equal(new WorkerId("w"), freed.WorkerId);
        return Assert.Single(freed.Leases).TaskId.Value;
    }
}
