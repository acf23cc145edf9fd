using Morag.Failover.History;
using Xunit;

namespace Morag.Failover.Simulation.Specs;

/// <summary>The rule that held leases are kept tells leases that were taken away from those that were ended on purpose.</summary>
public sealed class HeldLeaseRuleSpecs
{
    [Theory]
    [InlineData(100, true)]
    [InlineData(null, false)]
    [InlineData(85, false)]
    public void Should_allow_a_worker_to_be_told_to_stop_when_its_leases_were_recalled_since_it_got_them(int? recalledAt, bool isAllowed)
    {
        List<Happening> history =
        [
            new WorkerStarted(Second(0), "w"),
            new WorkerReach(Second(0), "w", ReachesNode: true),
            new LeaseStored(Second(90), "queue-0", "t", Epoch: 1, "w"),
            new LeaseReceived(Second(90), "t", Epoch: 1, "w"),
            new LeaseDropped(Second(101), "t", Epoch: 1, "w"),
        ];
        if (recalledAt is { } at)
        {
            history.Add(new LeasesRecalled(Second(at), "w"));
        }

        var violations = new HistoryChecker().Check([.. history.OrderBy(happening => happening.At)]);

        Assert.Equal(isAllowed ? [] : [Rule.HeldLeasesAreKept], violations.Select(violation => violation.Rule));
    }

    private static TimeSpan Second(int number) => TimeSpan.FromSeconds(number);
}
