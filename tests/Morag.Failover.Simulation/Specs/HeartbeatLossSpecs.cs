using Morag.Failover.Client.Connection;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;
using Xunit;

namespace Morag.Failover.Simulation.Specs;

/// <summary>What the clients need to repeat a heartbeat, against the silence that nodes tolerate at their default settings.</summary>
public sealed class HeartbeatLossSpecs
{
    private static readonly DateTimeOffset Heard = DateTimeOffset.UnixEpoch;

    public static TheoryData<double> Intervals => [0.1, 0.5, 1, 2, 5, 10, 30, 300, 3600];

    [Theory]
    [MemberData(nameof(Intervals))]
    public void Should_keep_a_worker_when_one_heartbeat_is_lost_and_the_next_one_takes_its_whole_limit(double seconds)
    {
        var (interval, limit, pause) = PaceOf(seconds);

        Assert.NotEqual(Liveness.Offline, Judge(interval, interval + limit + pause + limit));
    }

    [Theory]
    [MemberData(nameof(Intervals))]
    public void Should_keep_a_worker_when_a_frozen_node_gets_the_heartbeat_and_the_next_one_takes_its_whole_limit(double seconds)
    {
        var (interval, limit, _) = PaceOf(seconds);
        var found = limit > NodeConnection.DeadAfter ? limit : NodeConnection.DeadAfter;

        Assert.NotEqual(Liveness.Offline, Judge(interval, interval + found + limit));
    }

    [Theory]
    [MemberData(nameof(Intervals))]
    public void Should_keep_a_worker_when_a_beat_and_a_heartbeat_are_lost_and_the_next_one_takes_half_a_second(double seconds)
    {
        var (interval, limit, pause) = PaceOf(seconds);

        Assert.NotEqual(
            Liveness.Offline, Judge(interval, interval + WorkerSocket.ConfirmedWithin + limit + pause + TimeSpan.FromSeconds(0.5)));
    }

    [Theory]
    [MemberData(nameof(Intervals))]
    public void Should_lose_a_worker_that_stays_silent_for_three_intervals_and_a_few_seconds(double seconds)
    {
        var interval = TimeSpan.FromSeconds(seconds);

        Assert.Equal(Liveness.Offline, Judge(interval, (interval * 3) + TimeSpan.FromSeconds(5)));
    }

    private static (TimeSpan Interval, TimeSpan Limit, TimeSpan Pause) PaceOf(double seconds)
    {
        var interval = TimeSpan.FromSeconds(seconds);
        return (interval, HeartbeatPace.LimitFor(interval), HeartbeatPace.LongestPause(1, interval));
    }

    /// <summary>Judges the silence of a worker whose heartbeats were as regular as they can be, which allows the least.</summary>
    private static Liveness Judge(TimeSpan interval, TimeSpan silence)
    {
        // Only the rhythm matters here, not the timeout of workers that declare none.
        var settings = new WorkerSettings { Timeout = TimeSpan.FromHours(24) };
        var rhythm = new HeartbeatRhythm(interval.TotalSeconds, settings.HeartbeatSamples);
        for (var count = 0; count < settings.HeartbeatSamples; count++)
        {
            rhythm.Learn(interval);
        }

        return LivenessRules.Judge(Liveness.Alive, new SignsOfLife(Heard, rhythm, null), settings, Heard + silence).Liveness;
    }
}
