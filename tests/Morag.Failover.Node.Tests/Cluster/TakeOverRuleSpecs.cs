using Morag.Failover.Node.Cluster;

namespace Morag.Failover.Node.Tests.Cluster;

/// <summary>When one node may take over from another: a dead one at once, a slow one never.</summary>
public sealed class TakeOverRuleSpecs
{
    private static readonly TimeSpan ForReachable = TimeSpan.FromSeconds(10);
    private static readonly TakeOverSelf Healthy = new(IsUp: true, IsPresent: true);
    private static readonly TimeSpan JustNow = TimeSpan.Zero;

    [Fact]
    public void Should_take_over_at_once_when_the_presence_has_expired_and_the_connection_broke() =>
        Assert.Contains("connection to it is broken", Reason(Healthy, JustNow, isConnectionBroken: true), StringComparison.Ordinal);

    [Fact]
    public void Should_take_over_at_once_when_the_presence_has_expired_and_the_heartbeats_stopped() =>
        Assert.Contains("heartbeats have stopped", Reason(Healthy, JustNow, isUnreachable: true), StringComparison.Ordinal);

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Should_leave_a_member_alone_while_its_presence_is_current(bool isConnectionBroken, bool isUnreachable) =>
        Assert.Null(Reason(Healthy, null, isConnectionBroken, isUnreachable));

    [Fact]
    public void Should_leave_a_reachable_member_alone_when_its_presence_has_just_expired() =>
        Assert.Null(Reason(Healthy, ForReachable - TimeSpan.FromMilliseconds(1)));

    [Fact]
    public void Should_take_over_from_a_reachable_member_when_it_has_lost_redis_for_long() =>
        Assert.Contains("for 10 s, so it can store nothing", Reason(Healthy, ForReachable), StringComparison.Ordinal);

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Should_take_nothing_over_when_this_node_is_not_up_or_not_present_itself(bool isUp, bool isPresent) =>
        Assert.Null(Reason(new TakeOverSelf(isUp, isPresent), ForReachable, isConnectionBroken: true, isUnreachable: true));

    private static string? Reason(
        TakeOverSelf self, TimeSpan? lapsedFor, bool isConnectionBroken = false, bool isUnreachable = false) =>
        TakeOverRule.Reason(self, new MemberSigns(lapsedFor, isConnectionBroken, isUnreachable), ForReachable);
}
