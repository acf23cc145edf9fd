using Morag.Failover.Actors.Outages;

namespace Morag.Failover.Actors.Tests.Outages;

public sealed class PermitWatchSpecs
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Outages outages = new();
    private readonly Permit permit = new();
    private DateTimeOffset now = Start;

    [Theory]
    [InlineData(ServingPermit.Lapsed)]
    [InlineData(ServingPermit.Revoked)]
    public void Should_count_the_time_until_the_permit_was_last_seen_invalid_as_an_outage(ServingPermit lost)
    {
        var watch = new PermitWatch(outages, permit, () => now);
        Assert.Equal(DateTimeOffset.MinValue, watch.LastOutageEndedAt());

        (permit.State, now) = (lost, Start.AddSeconds(5));
        Assert.Equal(now, watch.LastOutageEndedAt());

        (permit.State, now) = (ServingPermit.Valid, Start.AddSeconds(9));
        Assert.Equal(Start.AddSeconds(5), watch.LastOutageEndedAt());
    }

    [Fact]
    public void Should_report_an_outage_of_the_node_when_it_ended_later()
    {
        permit.State = ServingPermit.Lapsed;
        var watch = new PermitWatch(outages, permit, () => now);
        _ = watch.LastOutageEndedAt();
        permit.State = ServingPermit.Valid;

        outages.EndedAt = Start.AddSeconds(7);

        Assert.Equal(Start.AddSeconds(7), watch.LastOutageEndedAt());
    }

    private sealed class Outages : IOutageWatch
    {
        public DateTimeOffset EndedAt { get; set; } = DateTimeOffset.MinValue;

        public DateTimeOffset LastOutageEndedAt() => EndedAt;
    }

    private sealed class Permit : IServingPermit
    {
        public ServingPermit State { get; set; }
    }
}
