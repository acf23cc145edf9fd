using Morag.Failover.Actors.Persistence;

namespace Morag.Failover.Actors.Tests.Persistence;

public sealed class SnapshotPaceSpecs
{
    private readonly SnapshotPace pace = new();

    [Fact]
    public void Should_begin_at_once_and_give_each_turn_once()
    {
        Assert.True(pace.TakeTurn(inProgress: 200));
        Assert.False(pace.TakeTurn(inProgress: 0));
    }

    [Fact]
    public void Should_go_on_at_once_when_nothing_else_is_under_way()
    {
        for (var part = 0; part < 3; part++)
        {
            Assert.True(pace.TakeTurn(inProgress: 0));
            pace.PartStored(1_000);
        }
    }

    [Fact]
    public void Should_let_other_writes_go_first_when_some_are_under_way()
    {
        _ = pace.TakeTurn(inProgress: 1);
        pace.WriteStored(10);
        pace.PartStored(1_000);
        for (var write = 0; write < SnapshotPace.WritesBetweenParts; write++)
        {
            Assert.False(pace.TakeTurn(inProgress: 1));
            pace.WriteStored(10);
        }

        Assert.True(pace.TakeTurn(inProgress: 1));
    }

    [Fact]
    public void Should_go_on_when_the_other_writes_took_as_many_bytes_as_the_part()
    {
        _ = pace.TakeTurn(inProgress: 1);
        pace.PartStored(1_000);
        pace.WriteStored(999);
        Assert.False(pace.TakeTurn(inProgress: 1));
        pace.WriteStored(1);

        Assert.True(pace.TakeTurn(inProgress: 1));
    }

    [Fact]
    public void Should_go_on_when_what_was_under_way_is_done_before_enough_was_written()
    {
        _ = pace.TakeTurn(inProgress: 0);
        pace.PartStored(1_000);
        Assert.False(pace.TakeTurn(inProgress: 1));
        pace.WriteStored(10);

        Assert.True(pace.TakeTurn(inProgress: 0));
    }
}
