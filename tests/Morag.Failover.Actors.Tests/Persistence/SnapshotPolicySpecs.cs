using Morag.Failover.Actors.Persistence;

namespace Morag.Failover.Actors.Tests.Persistence;

public sealed class SnapshotPolicySpecs
{
    private const long Least = 1_000_000;

    [Theory]
    [InlineData(99, 0, 0, 0, false)]
    [InlineData(100, 0, 0, 0, true)]

    // A larger state is saved after as many events as it has records: each rewrites one record at most.
    [InlineData(100, 0, 5_000, 0, false)]
    [InlineData(4_999, 0, 5_000, 0, false)]
    [InlineData(5_000, 0, 5_000, 0, true)]

    // Few but large events, up to the size of the state.
    [InlineData(1, Least - 1, 5_000, 0, false)]
    [InlineData(1, Least, 5_000, 0, true)]
    [InlineData(1, Least, 5_000, Least + 1, false)]
    [InlineData(1, Least + 1, 5_000, Least + 1, true)]
    public void Should_save_when_events_outnumber_records_or_outweigh_the_state(
        long events, long bytes, long records, long stateBytes, bool isDue) =>
        Assert.Equal(isDue, new SnapshotPolicy(100, 2) { LeastBytes = Least }.IsDue(events, bytes, new StoredSize(records, stateBytes)));
}
