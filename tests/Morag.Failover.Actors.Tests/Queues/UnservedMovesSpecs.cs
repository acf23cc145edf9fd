using Morag.Failover.Actors.Queues;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Tests.Queues;

/// <summary>Unserved tasks move as fast as they are decided, without delaying decisions about other failures.</summary>
public sealed class UnservedMovesSpecs
{
    private const int Found = 2_100;

    private readonly UnservedMoves moves = new(FailoverSettings.Default.Queues);

    [Fact]
    public void Should_move_everything_found_in_order_as_fast_as_decisions_are_made()
    {
        Find(Found);

        var moved = new List<TaskId>();
        var (deciding, looks) = (0, 0);
        while (moved.Count < Found)
        {
            while (moves.TakeNext(deciding) is { Count: > 0 } next)
            {
                moved.AddRange(next);
                deciding += next.Count;
            }

            Assert.InRange(deciding, 1, 500);
            // When one is decided the next starts at once, without another search.
            deciding--;
            looks++;
        }

        Assert.Equal(Tasks(Found), moved);
        Assert.Equal(Found - 500 + 1, looks);
    }

    [Theory]
    [InlineData(0, 250)]
    [InlineData(250, 250)]
    [InlineData(251, 249)]
    [InlineData(499, 1)]
    [InlineData(500, 0)]
    [InlineData(10_000, 0)]
    public void Should_leave_room_for_decisions_about_other_failures(int deciding, int next)
    {
        Find(Found);

        Assert.Equal(next, moves.TakeNext(deciding).Count);
    }

    [Fact]
    public void Should_search_again_only_when_the_last_search_ended_and_everything_found_has_moved()
    {
        Assert.True(moves.MaySearch);
        moves.BeginSearch(DateTimeOffset.UnixEpoch);
        Assert.False(moves.MaySearch);

        moves.Found([.. Tasks(300)]);
        Assert.False(moves.MaySearch);
        Assert.Equal(250, moves.TakeNext(0).Count);
        Assert.False(moves.MaySearch);
        Assert.Equal(50, moves.TakeNext(250).Count);

        Assert.True(moves.MaySearch);
        Assert.Empty(moves.TakeNext(0));
    }

    [Fact]
    public void Should_forget_what_it_found_and_what_it_searches_when_tasks_shall_wait_longer()
    {
        var longer = FailoverSettings.Default.Queues with { UnservedAfter = FailoverSettings.Default.Queues.UnservedAfter * 2 };
        Find(300);
        moves.Use(longer);
        Assert.Empty(moves.TakeNext(0));

        moves.BeginSearch(DateTimeOffset.UnixEpoch);
        moves.Use(longer with { UnservedAfter = longer.UnservedAfter * 2 });
        moves.Found([.. Tasks(300)]);
        Assert.Empty(moves.TakeNext(0));
        Find(1);
        Assert.Single(moves.TakeNext(0));
    }

    private static IEnumerable<TaskId> Tasks(int count) => Enumerable.Range(0, count).Select(number => new TaskId($"t-{number}"));

    private void Find(int count)
    {
        moves.BeginSearch(DateTimeOffset.UnixEpoch);
        moves.Found([.. Tasks(count)]);
    }
}
