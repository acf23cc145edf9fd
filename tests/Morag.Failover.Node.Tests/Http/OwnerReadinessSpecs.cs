using Morag.Failover.Actors.Hosting;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Http.Health;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>Which owners keep a node from being ready.</summary>
public sealed class OwnerReadinessSpecs
{
    private static readonly PartitionSettings Partitions = new() { Queues = 1, Coordinators = 2, DirectoryBuckets = 2 };

    [Fact]
    public void Should_be_ready_while_one_of_each_kind_serves() =>
        Assert.Empty(FailuresOf(("coordinator-1", false), ("directory-0", false)));

    [Fact]
    public void Should_not_be_ready_when_all_of_a_kind_are_down()
    {
        Assert.Equal(["queue-0"], FailuresOf(("queue-0", false), ("coordinator-1", false)));
        Assert.Equal(["coordinator-0", "coordinator-1"], FailuresOf(("coordinator-0", false), ("coordinator-1", false)));
    }

    [Fact]
    public void Should_not_be_ready_before_it_has_heard_of_all() =>
        Assert.Equal(["directory-1"], FailuresOf(("coordinator-0", false), ("directory-1", true)));

    private static string[] FailuresOf(params (string Owner, bool IsStarting)[] down) =>
    [
        .. ReadinessCheck.OwnerFailures(
                down.ToDictionary(owner => owner.Owner, owner => new DownOwner("because", default, owner.IsStarting)), Partitions)
            .Keys.Order(StringComparer.Ordinal),
    ];
}
