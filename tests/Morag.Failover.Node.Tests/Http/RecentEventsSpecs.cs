using Morag.Failover.Contracts.Live;
using Morag.Failover.Node.Http.Events;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>What a node can tell a reader whose last event it does not have.</summary>
public sealed class RecentEventsSpecs
{
    private DateTimeOffset now = GoodOwners.Time;

    [Fact]
    public void Should_include_what_happened_long_ago_and_arrived_lately()
    {
        var recent = new RecentEvents(() => now);
        now += TimeSpan.FromHours(2);
        var last = NumberedLiveEvent.IdOf(Change("elsewhere", now));
        now += TimeSpan.FromSeconds(1);
        recent.Add(Change("late", now.AddHours(-1)));

        var (events, mayMiss) = recent.After(last);

        Assert.Equal("late", Assert.Single(events.Select(known => known.Event).OfType<WorkerChanged>()).What);
        Assert.False(mayMiss);
    }

    [Fact]
    public void Should_say_that_events_may_be_missing_when_the_first_that_is_kept_happened_long_ago_and_arrived_lately()
    {
        var recent = new RecentEvents(() => now);
        now += TimeSpan.FromHours(2);
        var last = NumberedLiveEvent.IdOf(Change("elsewhere", now));
        now += TimeSpan.FromMinutes(1);
        for (var number = 0; number <= RecentEvents.MaxEvents; number++)
        {
            recent.Add(Change("late", now.AddHours(-1)));
        }

        Assert.True(recent.After(last).MayMiss);
    }

    [Fact]
    public void Should_date_a_decision_by_when_it_was_made_and_not_by_its_failure()
    {
        var decision = GoodOwners.Decision("t-1", GoodOwners.Time.AddHours(-1));
        decision = decision with { DecisionMetadata = decision.DecisionMetadata with { DecidedAt = GoodOwners.Time } };

        Assert.Equal(GoodOwners.Time, NumberedLiveEvent.TimeIn(NumberedLiveEvent.IdOf(new DecisionMade { Decision = decision })));
    }

    private static WorkerChanged Change(string what, DateTimeOffset at) => new() { WorkerId = new("w-1"), What = what, At = at };
}
