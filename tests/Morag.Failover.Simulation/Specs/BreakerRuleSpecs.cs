using Morag.Failover.History;
using Xunit;

namespace Morag.Failover.Simulation.Specs;

/// <summary>The rule that an open breaker gets no lease tells new leases from those that a repeated call was granted before.</summary>
public sealed class BreakerRuleSpecs
{
    [Theory]
    [InlineData(1, true, true)]
    [InlineData(1, false, false)]
    [InlineData(3, true, false)]
    [InlineData(3, false, false)]
    public void Should_allow_a_lease_under_an_open_breaker_only_when_a_repeated_call_was_granted_it_before(
        int grantedAt, bool isRepeat, bool isAllowed)
    {
        var history = new List<Happening>
        {
            new LeaseStored(Second(grantedAt), "queue-0", "t", Epoch: 1, "w"),
            new BreakerOpened(Second(2), "w"),
            new LeaseHandedOut(Second(4), "t", Epoch: 1, "w", isRepeat),
        };

        var violations = new HistoryChecker().Check([.. history.OrderBy(happening => happening.At)]);

        Assert.Equal(isAllowed ? [] : [Rule.NoLeaseWhileBreakerIsOpen], violations.Select(violation => violation.Rule));
    }

    private static TimeSpan Second(int number) => TimeSpan.FromSeconds(number);
}
