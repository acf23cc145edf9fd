using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Health;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>Which answers of the queue partitions a node needs before it is sure that its settings define all queues with tasks.</summary>
public sealed class QueueDefinitionsCheckSpecs
{
    private static readonly Refused Recovering = Refused.Unavailable("it is recovering");

    [Fact]
    public void Should_wait_for_a_partition_that_only_recovers() =>
        Assert.False(QueueDefinitionsCheck.Suffices([new QueueStatsReply(), Recovering], _ => false));

    [Fact]
    public void Should_do_without_a_partition_that_is_known_to_be_down()
    {
        Assert.True(QueueDefinitionsCheck.Suffices([new QueueStatsReply(), Recovering], owner => owner == "queue-1"));
        Assert.False(QueueDefinitionsCheck.Suffices([Recovering, new QueueStatsReply()], owner => owner == "queue-1"));
    }

    [Fact]
    public void Should_wait_while_no_partition_answers() =>
        Assert.False(QueueDefinitionsCheck.Suffices([Recovering, Recovering], _ => true));
}
