using Morag.Failover.Actors.Delivery;

namespace Morag.Failover.Actors.Tests.Delivery;

/// <summary>The schedule resends what is not acknowledged, and shares its rounds fairly.</summary>
public sealed class ResendScheduleSpecs
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan ResendAfter = TimeSpan.FromSeconds(5);

    private readonly ResendSchedule<int> schedule = new(ResendAfter, maxPerRound: 1_000);
    private readonly List<int> resent = [];

    [Fact]
    public void Should_resend_when_the_message_is_not_acknowledged_in_time()
    {
        schedule.MarkSent(1, Start);

        ResendAll(Start + ResendAfter - TimeSpan.FromTicks(1));
        Assert.Empty(resent);

        ResendAll(Start + ResendAfter);
        Assert.Equal([1], resent);

        ResendAll(Start + (2 * ResendAfter));
        Assert.Equal([1, 1], resent);
    }

    [Fact]
    public void Should_not_resend_when_the_message_is_acknowledged()
    {
        schedule.MarkSent(1, Start);
        schedule.MarkSent(2, Start);
        schedule.Acknowledge(1);
        schedule.Acknowledge(3);

        ResendAll(Start + ResendAfter);

        Assert.Equal([2], resent);
    }

    [Fact]
    public void Should_start_the_wait_over_when_the_message_is_sent_again()
    {
        schedule.MarkSent(1, Start);
        schedule.MarkSent(2, Start + TimeSpan.FromSeconds(1));
        schedule.MarkSent(1, Start + TimeSpan.FromSeconds(2));

        Assert.Equal(Start + TimeSpan.FromSeconds(1) + ResendAfter, schedule.NextDue);
        ResendAll(Start + TimeSpan.FromSeconds(1) + ResendAfter);

        Assert.Equal([2], resent);
        Assert.Equal(2, schedule.Count);
    }

    [Fact]
    public void Should_forget_a_message_when_nothing_is_left_to_send()
    {
        schedule.MarkSent(1, Start);

        schedule.ResendDue(Start + ResendAfter, _ => false);

        Assert.True(schedule.IsEmpty);
        Assert.Null(schedule.NextDue);
    }

    [Fact]
    public void Should_resend_at_once_when_the_message_is_overdue()
    {
        schedule.MarkSent(1, Start);
        schedule.MarkOverdue(2);

        ResendAll(Start);

        Assert.Equal([2], resent);
    }

    [Fact]
    public void Should_reach_every_other_message_when_a_thousand_stay_unacknowledged()
    {
        for (var key = 0; key < 2_500; key++)
        {
            schedule.MarkSent(key, Start);
        }

        var now = Start + ResendAfter;
        for (var round = 0; round < 3; round++)
        {
            ResendAll(now + TimeSpan.FromMilliseconds(250 * round));
            Assert.True(resent.Count <= (round + 1) * 1_000, "a round resends at most 1,000 messages");
        }

        Assert.Equal(Enumerable.Range(0, 2_500), resent);
    }

    [Fact]
    public void Should_take_turns_when_rounds_are_too_small_for_all()
    {
        for (var key = 0; key < 2_000; key++)
        {
            schedule.MarkSent(key, Start);
        }

        // Rounds as far apart as the wait itself: whatever was resent is due again in each of them.
        for (var round = 1; round <= 4; round++)
        {
            ResendAll(Start + (round * ResendAfter));
        }

        Assert.All(resent.GroupBy(key => key), times => Assert.Equal(2, times.Count()));
        Assert.Equal(2_000, resent.Distinct().Count());
    }

    private void ResendAll(DateTimeOffset now) => schedule.ResendDue(now, key =>
    {
        resent.Add(key);
        return true;
    });
}
