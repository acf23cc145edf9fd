using CsCheck;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Nodes;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Tests.Workers;

public sealed class LivenessSpecs
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly WorkerSettings Settings = new();

    [Fact]
    public void Should_be_lost_at_the_worker_timeout_and_not_before_when_no_rhythm_was_announced()
    {
        Assert.Equal(Liveness.Alive, Judge(null, 179.9).Liveness);
        Assert.Equal(Liveness.Offline, Judge(null, 180).Liveness);
    }

    [Fact]
    public void Should_go_by_the_announced_interval_until_the_rhythm_is_learnt()
    {
        var rhythm = new HeartbeatRhythm(10, 100);

        Assert.Equal(TimeSpan.FromSeconds(10), rhythm.Mean);
        Assert.Equal(Liveness.Alive, Judge(rhythm, 13).Liveness);
        Assert.Equal(Liveness.Suspect, Judge(rhythm, 25).Liveness);
        Assert.Equal(Liveness.Offline, Judge(rhythm, 40).Liveness);
    }

    [Fact]
    public void Should_learn_each_workers_own_rhythm()
    {
        var steady = Learnt(1, _ => 2);
        var jittery = Learnt(1, i => i % 2 == 0 ? 1 : 19);

        Assert.Equal(2, steady.Mean.TotalSeconds, 3);
        Assert.Equal(Liveness.Suspect, Judge(steady, 6.5).Liveness);
        Assert.Equal(Liveness.Alive, Judge(jittery, 40).Liveness);
    }

    [Fact]
    public void Should_expect_no_heartbeat_before_the_declared_interval_when_earlier_ones_arrived_together()
    {
        var burst = Learnt(10, i => i % 10 == 0 ? 10 : 0.001);

        Assert.Equal(10, burst.Mean.TotalSeconds, 3);
        Assert.Equal(Liveness.Alive, Judge(burst, 13).Liveness);
    }

    [Fact]
    public void Should_find_a_vanished_machine_with_fast_heartbeats_within_seconds()
    {
        Assert.Equal(Liveness.Offline, Judge(Learnt(1, _ => 1), 5.5).Liveness);
    }

    [Fact]
    public void Should_never_lose_or_suspect_a_worker_that_pauses_for_less_than_the_tolerance()
    {
        Gen.Select(Gen.Double[0.2, 60], Gen.Double[0, 0.5].Array[0, 120], Gen.Double[0, 0.999]).Sample((interval, jitter, share) =>
        {
            var rhythm = new HeartbeatRhythm(interval, Settings.HeartbeatSamples);
            foreach (var part in jitter)
            {
                rhythm.Learn(TimeSpan.FromSeconds(interval * (1 + part)));
            }

            var silence = rhythm.Mean.TotalSeconds + (share * Settings.AcceptableHeartbeatPause.TotalSeconds);
            Assert.Equal(Liveness.Alive, Judge(rhythm, silence).Liveness);
        });
    }

    [Fact]
    public void Should_not_lose_a_worker_when_a_single_heartbeat_got_lost()
    {
        var rhythm = Learnt(10, _ => 10);
        Assert.Equal(Liveness.Suspect, Judge(rhythm, 20.5).Liveness);
        Assert.Equal(Liveness.Offline, Judge(rhythm, 23.1).Liveness);
    }

    [Fact]
    public void Should_invert_phi_exactly()
    {
        Gen.Select(Gen.Double[0.1, 150], Gen.Double[0.2, 100]).Sample((phi, interval) =>
        {
            var rhythm = new HeartbeatRhythm(interval, 10);
            Assert.Equal(phi, rhythm.Phi(rhythm.SilenceFor(phi, Settings), Settings), Math.Max(1e-3, phi * 1e-3));
        });
    }

    [Fact]
    public void Should_suspect_and_lose_a_silent_worker_at_the_silences_that_are_shown()
    {
        Gen.Select(Gen.Double[0.2, 100], Gen.Double[0, 2].Array[0, 120], Gen.Double[0, 7]).Sample((interval, jitter, extra) =>
        {
            var patience = new Patience(extra, "slow");
            var rhythm = new HeartbeatRhythm(interval, Settings.HeartbeatSamples);
            foreach (var part in jitter)
            {
                rhythm.Learn(TimeSpan.FromSeconds(interval * (1 + part)));
            }

            var suspectAfter = LivenessRules.SuspectAfter(rhythm, patience, Settings).TotalSeconds;
            var offlineAfter = LivenessRules.OfflineAfter(rhythm, patience, Settings).TotalSeconds;
            var signs = new SignsOfLife(T0, rhythm, null, default, patience);

            Assert.Equal(Liveness.Offline, Around(signs, offlineAfter).After);
            Assert.NotEqual(Liveness.Offline, Around(signs, offlineAfter).Before);
            if (suspectAfter < offlineAfter - 0.02)
            {
                Assert.Equal((Liveness.Alive, Liveness.Suspect), Around(signs, suspectAfter));
            }
        });
    }

    [Fact]
    public void Should_show_the_last_intervals_oldest_first()
    {
        var rhythm = new HeartbeatRhythm(0, 10);
        Assert.Empty(rhythm.Recent(4));
        for (var second = 1; second <= 25; second++)
        {
            rhythm.Learn(TimeSpan.FromSeconds(second));
        }

        Assert.Equal([22_000, 23_000, 24_000, 25_000], rhythm.Recent(4).AsEnumerable());
        Assert.Equal(10, rhythm.Recent(100).Length);
        Assert.Empty(HeartbeatRhythm.Measured(2, 0.1).Recent(4));
    }

    [Fact]
    public void Should_show_intervals_below_the_declared_one_as_they_were_and_judge_by_the_declared_one()
    {
        var rhythm = new HeartbeatRhythm(10, 10);
        for (var beat = 0; beat < 5; beat++)
        {
            rhythm.Learn(TimeSpan.FromSeconds(beat % 2 == 0 ? 9 : 10));
        }

        Assert.Equal([9_000, 10_000, 9_000, 10_000, 9_000], rhythm.Recent(10).AsEnumerable());
        Assert.Equal((TimeSpan.FromSeconds(10), TimeSpan.Zero), (rhythm.Mean, rhythm.Deviation));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.5)]
    public void Should_reach_phi_at_the_threshold_that_patience_stretches(double extra)
    {
        var patience = new Patience(extra, "slow");
        var rhythm = Learnt(10, i => 10 + (i % 3));
        var signs = new SignsOfLife(T0, rhythm, null, default, patience);

        Assert.Equal(
            Settings.SuspectPhi,
            LivenessRules.Phi(rhythm, signs, Settings, T0 + LivenessRules.SuspectAfter(rhythm, patience, Settings)),
            precision: 3);
    }

    [Fact]
    public void Should_say_what_sets_the_silence_at_which_a_worker_is_lost()
    {
        Assert.Equal(SilenceLimit.Phi, LivenessRules.OfflineLimit(Learnt(1, i => 1 + (i % 7)), Settings).Limit);
        Assert.Equal(SilenceLimit.MissedHeartbeats, LivenessRules.OfflineLimit(Learnt(30, _ => 30), Settings).Limit);
        var rare = new HeartbeatRhythm(Settings.Timeout.TotalSeconds, 10);
        Assert.Equal((Settings.Timeout, SilenceLimit.WorkerTimeout), LivenessRules.OfflineLimit(rare, Settings));
    }

    [Fact]
    public void Should_suspect_at_once_and_lose_after_the_grace_when_a_session_breaks()
    {
        var signs = new SignsOfLife(T0, new HeartbeatRhythm(10, 100), T0.AddSeconds(1));

        Assert.Equal(Liveness.Suspect, LivenessRules.Judge(Liveness.Alive, signs, Settings, T0.AddSeconds(1)).Liveness);
        Assert.Equal(Liveness.Suspect, LivenessRules.Judge(Liveness.Suspect, signs, Settings, T0.AddSeconds(3.9)).Liveness);
        Assert.Equal(Liveness.Offline, LivenessRules.Judge(Liveness.Suspect, signs, Settings, T0.AddSeconds(4)).Liveness);
    }

    [Fact]
    public void Should_only_suspect_by_a_broken_session_when_no_rhythm_was_announced()
    {
        var signs = new SignsOfLife(T0, null, T0.AddSeconds(1));
        Assert.Equal(Liveness.Suspect, LivenessRules.Judge(Liveness.Alive, signs, Settings, T0.AddSeconds(60)).Liveness);
    }

    [Fact]
    public void Should_say_when_its_verdict_changes()
    {
        var rhythm = Learnt(10, _ => 10);
        var suspectAt = Judge(rhythm, 0).LookAgainAt;

        Assert.Equal(Liveness.Alive, At(rhythm, suspectAt.AddMilliseconds(-1)).Liveness);
        var suspect = At(rhythm, suspectAt);
        Assert.Equal(Liveness.Suspect, suspect.Liveness);
        Assert.Equal(Liveness.Offline, At(rhythm, suspect.LookAgainAt).Liveness);
    }

    [Theory]
    [InlineData(2.0)]
    [InlineData(8.0)]
    public void Should_stretch_every_timeout_by_the_patience_of_a_slow_node(double factor)
    {
        var patience = new Patience(factor - 1, "slow");
        var signs = new SignsOfLife(T0, Learnt(10, _ => 10), null, default, patience);
        var broken = signs with { SessionBrokeAt = T0 };
        var withoutRhythm = signs with { Rhythm = null };
        var suspectAfter = (Judge(signs.Rhythm, 0).LookAgainAt - T0).TotalSeconds * factor;

        Assert.Equal((Liveness.Alive, Liveness.Suspect), Around(signs, suspectAfter));
        Assert.Equal((Liveness.Suspect, Liveness.Offline), Around(broken, 3 * factor));
        Assert.Equal((Liveness.Alive, Liveness.Offline), Around(withoutRhythm, 180 * factor));
    }

    [Fact]
    public void Should_count_silence_only_while_the_gateway_is_known_to_be_healthy()
    {
        var frozen = new GatewayHealth { Node = "b:1", HealthyUntil = T0.AddSeconds(3) };
        var signs = new SignsOfLife(T0, Learnt(1, _ => 1), null, frozen);

        var verdict = LivenessRules.Judge(Liveness.Alive, signs, Settings, T0.AddSeconds(60));

        Assert.Equal((Liveness.Alive, T0.AddSeconds(60.5)), (verdict.Liveness, verdict.LookAgainAt));
    }

    [Fact]
    public void Should_lose_a_worker_as_fast_as_ever_when_its_gateway_is_healthy()
    {
        var healthy = new GatewayHealth { Node = "b:1", HealthyUntil = T0.AddSeconds(60) };
        var signs = new SignsOfLife(T0, Learnt(1, _ => 1), null, healthy);

        var verdict = LivenessRules.Judge(Liveness.Alive, signs, Settings, T0.AddSeconds(5.5));

        Assert.Equal((Liveness.Offline, LossBlame.Worker), (verdict.Liveness, verdict.Blame));
    }

    [Fact]
    public void Should_lose_a_worker_as_fast_and_blame_nobody_when_another_node_could_not_be_heard()
    {
        var signs = new SignsOfLife(T0, Learnt(1, _ => 1), null, UnheardNode: "10.0.0.2:8081");

        var verdict = LivenessRules.Judge(Liveness.Alive, signs, Settings, T0.AddSeconds(30));

        Assert.Equal((Liveness.Offline, LossBlame.Unobserved), (verdict.Liveness, verdict.Blame));
        Assert.StartsWith("it may have called node 10.0.0.2:8081", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_lose_a_worker_after_the_full_timeout_and_blame_nobody_when_its_gateway_is_lost()
    {
        var lost = new GatewayHealth { Node = "b:1", LostAt = T0, CountsFrom = T0 };
        var signs = new SignsOfLife(T0, Learnt(1, _ => 1), null, lost);

        Assert.NotEqual(Liveness.Offline, LivenessRules.Judge(Liveness.Alive, signs, Settings, T0.AddSeconds(5)).Liveness);
        var verdict = LivenessRules.Judge(Liveness.Alive, signs, Settings, T0.AddSeconds(5.5));
        Assert.Equal((Liveness.Offline, LossBlame.Unobserved), (verdict.Liveness, verdict.Blame));
        Assert.Equal(
            "its node b:1 was lost at 2026-01-01 00:00:00Z; its heartbeats stopped: no sign of life for 5.5 s", verdict.Reason);
    }

    [Theory]
    [InlineData(null, "it has not called since its owner started; no sign of life for 180 s")]
    [InlineData(
        "b:1", "it has not called since its owner started, after node b:1 was lost at 2026-01-01 00:00:00Z; no sign of life for 180 s")]
    public void Should_blame_nobody_when_the_owner_has_not_heard_the_worker_since_it_started(string? lostNode, string reason)
    {
        var unknown = new GatewayHealth { IsUnknown = true, Node = lostNode, LostAt = lostNode is null ? null : T0 };

        var verdict = LivenessRules.Judge(Liveness.Alive, new SignsOfLife(T0, null, null, unknown), Settings, T0.AddSeconds(180));

        Assert.Equal((Liveness.Offline, LossBlame.Unobserved, reason), (verdict.Liveness, verdict.Blame, verdict.Reason));
    }

    private static (Liveness Before, Liveness After) Around(SignsOfLife signs, double seconds) => (
        LivenessRules.Judge(Liveness.Alive, signs, Settings, T0.AddSeconds(seconds - 0.01)).Liveness,
        LivenessRules.Judge(Liveness.Alive, signs, Settings, T0.AddSeconds(seconds + 0.01)).Liveness);

    private static HeartbeatRhythm Learnt(double announced, Func<int, double> interval)
    {
        var rhythm = new HeartbeatRhythm(announced, Settings.HeartbeatSamples);
        for (var i = 0; i < 50; i++)
        {
            rhythm.Learn(TimeSpan.FromSeconds(interval(i)));
        }

        return rhythm;
    }

    private static LivenessVerdict Judge(HeartbeatRhythm? rhythm, double silence) => At(rhythm, T0.AddSeconds(silence));

    private static LivenessVerdict At(HeartbeatRhythm? rhythm, DateTimeOffset now) =>
        LivenessRules.Judge(Liveness.Alive, new SignsOfLife(T0, rhythm, null), Settings, now);
}
