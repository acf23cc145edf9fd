using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Tests;

/// <summary>An event that a version does not know must not be passed over: the state would silently be another one.</summary>
public sealed class UnknownEventSpecs
{
    public static TheoryData<string> Owners => ["queue", "coordinator", "worker", "directory"];

    [Theory]
    [MemberData(nameof(Owners))]
    public void Should_throw_when_an_event_is_not_known(string owner) => Assert.Throws<InvalidOperationException>(object? () => owner switch
    {
        "queue" => QueueEvents.Apply(QueueState.Empty, new OfALaterVersion()),
        "coordinator" => CoordinatorState.Empty.Apply(new OfALaterVersion()),
        "worker" => WorkerState.Unknown(new WorkerId("w")).Apply(new OfALaterVersion()),
        _ => DirectoryState.Empty.Apply(new OfALaterVersion()),
    });

    private sealed record OfALaterVersion : IStoredEvent;
}
