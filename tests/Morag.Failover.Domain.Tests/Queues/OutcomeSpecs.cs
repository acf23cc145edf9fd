using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Tests.Queues;

/// <summary>How a worker's entity hears that leases ended.</summary>
public sealed class OutcomeSpecs
{
    private readonly QueueUnderTest queue = new();

    [Fact]
    public void Should_say_which_room_is_free_when_a_worker_completes_gives_back_or_fails()
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
    public void Should_press_for_the_next_batch_when_much_gathers_behind_the_one_under_way()
    {
        var tasks = Enumerable.Range(0, 101).Select(number => $"t{number}").ToArray();
        queue.Submit(tasks);
        _ = queue.Lease("w", tasks.Length);
        for (var number = 0; number < 100; number++)
        {
            queue.Complete("w", tasks[number], new(number + 1));
        }

        Assert.False(Outbox.IsPressing);
        queue.Complete("w", tasks[100], new(101));
        Assert.True(Outbox.IsPressing);
        queue.Acknowledge("w");
        Assert.False(Outbox.IsPressing);
        Assert.Equal(100, queue.Owed("w")!.Outcomes.Length);
    }

    private Outbox Outbox => queue.State.ShareOf(new("w")).Outbox;

    private string FreedByLast()
    {
        var freed = Assert.Single(OutcomeDelivery.FreedBy(queue.Events[^1], partition: 0));
        Assert.Equal(new WorkerId("w"), freed.WorkerId);
        return Assert.Single(freed.Leases).TaskId.Value;
    }
}
