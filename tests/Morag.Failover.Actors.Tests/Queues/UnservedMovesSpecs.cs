using Morag.Failover.Actors.Queues;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Tests.Queues;

/// <summary>Tasks that nobody could take move as fast as they are decided, however many there are, and other failures do not wait behind them.</summary>
public sealed class UnservedMovesSpecs
{
    private const int Found = 2_100;

    private readonly UnservedMoves moves = new(FailoverSettings.Default.Queues);

    [Fact]
    public void Should_move_all_that_was_found_in_order_as_fast_as_decisions_are_made()
    {
        Find(Found);

        var moved = new List<TaskId>();
        var (deciding, looks) = (0, 0);
        while (moved.Count < Found)
        {
            while (moves.Next(deciding) is { Count: > 0 } next)
            {
                moved.AddRange(next);
                deciding += next.Count;
            }

            Assert.InRange(deciding, 1, 500);
            // One is decided; the next goes out at once, without another look at the queue.
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
    public void Should_leave_room_for_the_decisions_of_other_failures(int deciding, int next)
    {
        Find(Found);

        Assert.Equal(next, moves.Next(deciding).Count);
    }

    [Fact]
    public void Should_look_again_only_when_the_look_has_ended_and_all_that_it_found_has_moved()
    {
        Assert.True(moves.MayLook);
        moves.BeginToLook(DateTimeOffset.UnixEpoch);
        Assert.False(moves.MayLook);

        moves.Found([.. Tasks(300)]);
        Assert.False(moves.MayLook);
        Assert.Equal(250, moves.Next(0).Count);
        Assert.False(moves.MayLook);
        Assert.Equal(50, moves.Next(250).Count);

        Assert.True(moves.MayLook);
        Assert.Empty(moves.Next(0));
    }

    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(60, 6)]
    [InlineData(300, 30)]
    [InlineData(86_400, 30)]
    public void Should_look_ten_times_within_the_time_after_which_a_queue_counts_as_unserved(int unservedAfter, double interval)
    {
        var settings = FailoverSettings.Default.Queues with { UnservedAfter = TimeSpan.FromSeconds(unservedAfter) };

        Assert.Equal(TimeSpan.FromSeconds(interval), new UnservedMoves(settings).Interval);
    }

    private static IEnumerable<TaskId> Tasks(int count) => Enumerable.Range(0, count).Select(number => new TaskId($"t-{number}"));

    private void Find(int count)
    {
        moves.BeginToLook(DateTimeOffset.UnixEpoch);
        moves.Found([.. Tasks(count)]);
    }
}
