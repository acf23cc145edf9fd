using Morag.Failover.Actors.Outages;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Nodes;
using Xunit.Abstractions;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>
/// A worker whose beats end at its gateway. The owner hears of them from the gateway's beats, and from messages when something changes.
/// </summary>
public sealed class SessionBeatSpecs : ScenarioSpec
{
    private const long Era = 4711;
    private const int Number = 9;

    private static readonly Address NodeB = new("akka.tcp", "morag", "10.0.0.2", 8081);

    private readonly Gateways gateways;
    private bool nodeBeats = true;
    private bool isHeard = true;

    public SessionBeatSpecs(ITestOutputHelper output)
        : base(output)
    {
        gateways = Gateways.Of(Sys);
        gateways.Joined(NodeB, Clock.Now);
    }

    [Fact]
    public async Task Should_stay_alive_without_a_message_when_its_gateway_hears_it()
    {
        var (worker, _) = await BeatingAsync();

        await PassSecondsAsync(100);

        var info = await worker.InfoAsync();
        Assert.Equal((Liveness.Alive, "10.0.0.2:8081"), (info.Liveness, info.Gateway));
        Assert.True(info.LastHeartbeat >= Clock.Now - TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_be_lost_as_fast_as_one_that_sends_heartbeats_when_it_falls_silent(bool isReported)
    {
        var (worker, task) = await BeatingAsync();
        var near = await RegisterAsync("cpu-2", with: EverySecond);
        await PassSecondsAsync(10);

        near.FallsSilent();
        isHeard = false;
        for (var silence = 1; (await near.InfoAsync()).Liveness != Liveness.Offline; silence++)
        {
            await PassSecondsAsync(1);
            if (isReported && silence >= 4)
            {
                await ObserveAsync(worker, beats: 20, silentFor: TimeSpan.FromSeconds(silence));
            }
        }

        Assert.Equal(Liveness.Offline, (await worker.InfoAsync()).Liveness);
        (await DecisionAsync(task)).Chose(ReassignSameQueue, "worker_offline").CarriedOut();
        Assert.Equal(1, (await worker.ScoreAsync()).FailureCount);
    }

    [Fact]
    public async Task Should_keep_its_leases_and_blame_nobody_when_its_gateway_is_killed()
    {
        var (worker, task) = await BeatingAsync();
        await PassSecondsAsync(10);

        nodeBeats = false;
        await PassSecondsAsync(4);
        gateways.Lost(NodeB, Clock.Now);
        gateways.Gone(NodeB, Clock.Now);
        await PassSecondsAsync(4);
        await worker.BeatAsync();
        worker.Gateway = null;
        worker.KeepsBeating();
        await PassSecondsAsync(20);

        Assert.Equal((Liveness.Alive, TaskState.Leased), ((await worker.InfoAsync()).Liveness, (await TaskAsync(task)).State));
        Assert.Equal(0, (await worker.ScoreAsync()).FailureCount);
    }

    [Fact]
    public async Task Should_not_count_silence_while_the_gateway_says_nothing()
    {
        var (worker, task) = await BeatingAsync();
        await PassSecondsAsync(10);

        nodeBeats = false;
        await PassSecondsAsync(15);
        Assert.Equal(Liveness.Alive, (await worker.InfoAsync()).Liveness);
        nodeBeats = true;
        await PassSecondsAsync(10);

        Assert.Equal((Liveness.Alive, TaskState.Leased), ((await worker.InfoAsync()).Liveness, (await TaskAsync(task)).State));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_end_the_suspicion_when_the_worker_is_heard_again(bool isReported)
    {
        var (worker, _) = await BeatingAsync();
        await PassSecondsAsync(5);
        isHeard = false;
        await PassSecondsAsync(4);
        await ObserveAsync(worker, beats: 20, silentFor: TimeSpan.FromSeconds(4));
        while ((await worker.InfoAsync()).Liveness == Liveness.Alive)
        {
            await PassSecondsAsync(1);
        }

        if (isReported)
        {
            await ObserveAsync(worker, beats: 21, silentFor: TimeSpan.Zero);
        }

        isHeard = true;
        await PassSecondsAsync(1);

        Assert.Equal(Liveness.Alive, (await worker.InfoAsync()).Liveness);
    }

    [Fact]
    public async Task Should_not_take_a_repeated_announcement_for_a_sign_of_life_when_no_beat_arrived_since()
    {
        var (worker, _) = await BeatingAsync();
        await PassSecondsAsync(5);
        isHeard = false;
        await PassSecondsAsync(20);
        Assert.Equal(Liveness.Offline, (await worker.InfoAsync()).Liveness);

        await ObserveAsync(worker, beats: 20, silentFor: TimeSpan.FromSeconds(21));
        await Owners.CrashAsync(worker.Id);
        await ObserveAsync(worker, beats: 20, silentFor: TimeSpan.FromSeconds(22));

        Assert.Equal(Liveness.Offline, (await worker.InfoAsync()).Liveness);
    }

    [Fact]
    public async Task Should_follow_the_beats_again_when_the_entity_has_moved()
    {
        var (worker, task) = await BeatingAsync();
        await PassSecondsAsync(5);

        await Owners.CrashAsync(worker.Id);
        await ObserveAsync(worker, beats: 25, silentFor: TimeSpan.FromSeconds(0.5));
        await PassSecondsAsync(60);

        Assert.Equal((Liveness.Alive, TaskState.Leased), ((await worker.InfoAsync()).Liveness, (await TaskAsync(task)).State));
    }

    [Fact]
    public async Task Should_not_return_to_a_connection_that_the_worker_gave_up_when_its_gateway_still_describes_it()
    {
        var (worker, _) = await BeatingAsync();
        await PassSecondsAsync(5);

        // Its gateway is to close it.
        var answer = await ObserveAsync(
            worker, beats: 3, silentFor: TimeSpan.FromSeconds(40), session: "earlier", number: 3, ordinal: 1);
        Assert.Equal(RefusalReason.Conflict, Assert.IsType<Refused>(answer).Reason);
        await PassSecondsAsync(30);

        Assert.Equal(Liveness.Alive, (await worker.InfoAsync()).Liveness);
    }

    [Fact]
    public async Task Should_not_return_to_an_earlier_session_when_its_gateway_comes_out_of_an_outage()
    {
        var (worker, _) = await BeatingAsync();
        await PassSecondsAsync(5);

        // What the worker sent before it moved on was read after the outage.
        await ObserveAsync(worker, beats: 3, silentFor: TimeSpan.Zero, session: "earlier", number: 3, ordinal: 1);
        await PassSecondsAsync(30);

        Assert.Equal(Liveness.Alive, (await worker.InfoAsync()).Liveness);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_find_the_worker_s_own_session_when_the_entity_has_moved_and_two_are_announced(bool earlierFirst)
    {
        var (worker, task) = await BeatingAsync();
        await PassSecondsAsync(5);

        await Owners.CrashAsync(worker.Id);
        foreach (var earlier in new[] { earlierFirst, !earlierFirst })
        {
            await (earlier
                ? ObserveAsync(
                    worker, beats: 3, silentFor: TimeSpan.FromSeconds(40), session: "earlier", number: 3, ordinal: 1)
                : ObserveAsync(worker, beats: 6, silentFor: TimeSpan.FromSeconds(0.9)));
        }

        await PassSecondsAsync(30);
        Assert.Equal((Liveness.Alive, TaskState.Leased), ((await worker.InfoAsync()).Liveness, (await TaskAsync(task)).State));
        Assert.Equal(0, (await worker.ScoreAsync()).FailureCount);
    }

    [Fact]
    public async Task Should_not_open_an_earlier_session_when_its_announcement_arrives_after_the_end_of_the_latest()
    {
        var (worker, _) = await BeatingAsync();
        Owners.Workers.Tell(new SessionBroken { WorkerId = worker.Id, SessionId = "session" });
        await Owners.SettleAsync();

        Assert.IsType<Refused>(
            await ObserveAsync(worker, beats: 0, silentFor: TimeSpan.Zero, session: "earlier", number: 3, ordinal: 1, isFirst: true));
        Assert.Equal(Liveness.Suspect, (await worker.InfoAsync()).Liveness);
    }

    [Fact]
    public async Task Should_not_be_suspect_when_a_session_without_beats_breaks_that_is_not_followed()
    {
        var (worker, _) = await BeatingAsync();
        await PassSecondsAsync(5);
        var without = new OpenSession { WorkerId = worker.Id, SessionId = "earlier", InstanceId = worker.Registration.InstanceId };
        await Owners.AskAsync<Done>(Owners.Workers, without);

        Owners.Workers.Tell(new SessionBroken { WorkerId = worker.Id, SessionId = "earlier" });
        await PassSecondsAsync(30);

        Assert.Equal(Liveness.Alive, (await worker.InfoAsync()).Liveness);
    }

    [Fact]
    public async Task Should_not_come_back_to_life_when_its_gateway_comes_out_of_an_outage_without_having_heard_it()
    {
        var (worker, _) = await BeatingAsync();
        await PassSecondsAsync(5);
        isHeard = false;
        await PassSecondsAsync(20);
        Assert.Equal(Liveness.Offline, (await worker.InfoAsync()).Liveness);

        await Owners.CrashAsync(worker.Id);
        await ObserveAsync(worker, beats: 5, silentFor: TimeSpan.FromSeconds(20));

        Assert.Equal(Liveness.Offline, (await worker.InfoAsync()).Liveness);
    }

    [Fact]
    public async Task Should_still_count_the_beats_when_a_session_without_beats_is_announced_that_the_worker_gave_up()
    {
        var (worker, _) = await BeatingAsync();
        await PassSecondsAsync(5);

        await Owners.AskAsync<Done>(
            Owners.Workers, new OpenSession { WorkerId = worker.Id, SessionId = "earlier", InstanceId = worker.Registration.InstanceId });
        await PassSecondsAsync(100);

        Assert.Equal(Liveness.Alive, (await worker.InfoAsync()).Liveness);
    }

    [Fact]
    public async Task Should_trust_the_bits_no_longer_when_the_session_is_not_described_any_more()
    {
        var (worker, _) = await BeatingAsync();

        // Another session may have its number one day.
        await PassSecondsAsync(200, describes: false);

        Assert.Equal(Liveness.Offline, (await worker.InfoAsync()).Liveness);
    }

    [Fact]
    public async Task Should_not_count_the_beats_of_a_replaced_instance_when_they_go_on()
    {
        var (worker, _) = await BeatingAsync();
        await PassSecondsAsync(5);

        await worker.StartAsync();
        worker.FallsSilent();
        await PassSecondsAsync(20);

        Assert.Equal(Liveness.Offline, (await worker.InfoAsync()).Liveness);
    }

    [Fact]
    public async Task Should_be_suspect_at_once_when_the_session_breaks()
    {
        var (worker, _) = await BeatingAsync();
        await PassSecondsAsync(5);

        isHeard = false;
        Owners.Workers.Tell(new SessionBroken { WorkerId = worker.Id, SessionId = "session" });
        await Owners.SettleAsync();

        Assert.Equal(Liveness.Suspect, (await worker.InfoAsync()).Liveness);
        await PassSecondsAsync(4);
        Assert.Equal(Liveness.Offline, (await worker.InfoAsync()).Liveness);
    }

    private static WorkerRegistration EverySecond(WorkerRegistration worker) => worker with { HeartbeatIntervalSeconds = 1 };

    /// <summary>A worker with a task and a session on node B, which hears a beat every second.</summary>
    private async Task<(ScenarioWorker Worker, TaskId Task)> BeatingAsync()
    {
        var worker = await RegisterAsync("cpu-1", with: EverySecond);
        worker.Gateway = NodeB;
        await worker.BeatAsync();
        var task = await SubmitAsync("page", "cpu_standard");
        await worker.LeaseOneAsync();
        worker.FallsSilent();
        described = worker;
        await ObserveAsync(worker, beats: 0, silentFor: TimeSpan.Zero, isFirst: true);
        return (worker, task);
    }

    private ScenarioWorker? described;

    private Task<IWireMessage> ObserveAsync(
        ScenarioWorker worker,
        long beats,
        TimeSpan silentFor,
        bool isFirst = false,
        string session = "session",
        int number = Number,
        long ordinal = 2) => Owners.AskAsync<IWireMessage>(
        Owners.Workers,
        new OpenSession
        {
            WorkerId = worker.Id,
            SessionId = session,
            InstanceId = worker.Registration.InstanceId,
            Ordinal = ordinal,
            Watch = new SessionWatch
            {
                Era = Era,
                Number = number,
                Beats = beats,
                SilentFor = silentFor,
                MeanSeconds = isFirst ? null : 1,
                DeviationSeconds = 0.01,
            },
        },
        NodeB);

    private async Task PassSecondsAsync(int seconds, bool describes = true)
    {
        for (var passed = 1; passed <= seconds; passed++)
        {
            if (nodeBeats)
            {
                var bits = new byte[(Number / 8) + 1];
                bits[Number / 8] = (byte)(isHeard ? 1 << (Number % 8) : 0);
                gateways.Beat(
                    NodeB, new NodeBeat { SessionEra = Era, HeardSessions = bits }, Gateways.ToleranceOf(Defaults.Workers), Clock.Now);
            }

            await PassAsync(TimeSpan.FromSeconds(1));
            if (describes && isHeard && nodeBeats && passed % 60 == 0)
            {
                await ObserveAsync(described!, beats: 1000 + passed, silentFor: TimeSpan.Zero);
            }
        }
    }
}
