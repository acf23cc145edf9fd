using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Sessions;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Nodes;
using Morag.Failover.Domain.Settings;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Sessions;

/// <summary>What a gateway makes of the beats in its sessions, and what it tells the entities of the workers.</summary>
public sealed class WatchedSessionsSpecs : FailoverSpec
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);
    private static readonly WorkerSettings Settings = new();
    private static readonly Address NodeB = new("akka.tcp", "morag", "10.0.0.2", 8081);

    private readonly WatchedSessions sessions;
    private readonly DeclaredPermit permit = new();
    private IActorRef announcer = ActorRefs.Nobody;

    public WatchedSessionsSpecs(ITestOutputHelper output)
        : base(output)
    {
        sessions = WatchedSessions.Of(Sys);
        Clock.Advance(TimeSpan.FromDays(1));
    }

    [Fact]
    public void Should_say_in_which_sessions_something_was_heard_since_the_last_look()
    {
        var all = Enumerable.Range(0, 11).Select(_ => Open()).ToArray();
        _ = Look();

        all[3].Beat();
        all[9].Beat();

        Assert.Equal([0b1000, 0b10], Look());
        Assert.Equal([0, 0], Look());
    }

    [Fact]
    public async Task Should_tell_the_entity_of_silence_before_it_is_suspicious_and_at_once_when_it_ends()
    {
        var (session, workers, _) = await AnnouncedAsync();
        await BeatUntilDescribedAsync(session, workers);
        var beats = session.Observation()!.Beats;

        var silence = TimeSpan.Zero;
        OpenSession? told = null;
        for (; told is null; silence += Tick)
        {
            Pass();
            told = workers.ReceiveOne(TimeSpan.FromMilliseconds(20)) as OpenSession;
            Assert.True(silence < TimeSpan.FromSeconds(10));
        }

        // Two seconds between beats, three of pause, and a bit for the deviation.
        Assert.InRange(told.Watch!.SilentFor.TotalSeconds, 5, 5.9);
        Assert.Equal((beats, 2d), (told.Watch.Beats, Math.Round(told.Watch.MeanSeconds!.Value, 3)));
        Assert.Equal(beats - 1, told.Watch.Intervals.Length);
        Assert.All(told.Watch.Intervals, interval => Assert.Equal(2_000, interval));
        session.Beat();
        told = await workers.ExpectMsgAsync<OpenSession>();
        Assert.Equal((beats + 1, TimeSpan.Zero), (told.Watch!.Beats, told.Watch.SilentFor));
    }

    [Fact]
    public async Task Should_describe_a_session_about_once_a_minute_when_all_is_well()
    {
        var (session, workers, _) = await AnnouncedAsync();

        await BeatAsync(session, seconds: 300, every: 2);

        var told = 0;
        while (workers.HasMessages)
        {
            Assert.True((await workers.ExpectMsgAsync<OpenSession>()).Watch!.SilentFor <= TimeSpan.FromSeconds(2));
            told++;
        }

        Assert.InRange(told, 4, 6);
    }

    [Fact]
    public async Task Should_not_count_silence_during_an_outage_of_its_own()
    {
        var (session, workers, _) = await AnnouncedAsync();
        await BeatUntilDescribedAsync(session, workers);

        Clock.Advance(TimeSpan.FromSeconds(30));
        Outages.EndedAt = Clock.Now;
        _ = Look();
        session.Beat();

        await workers.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50));
        Assert.Equal(2, Math.Round(session.Observation()!.MeanSeconds!.Value, 3));
    }

    [Fact]
    public async Task Should_not_describe_a_silent_session_when_an_outage_of_its_own_ends()
    {
        var (session, workers, _) = await AnnouncedAsync();
        await BeatAsync(session, seconds: 20, every: 2);
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromSeconds(90); passed += Tick)
        {
            Pass();
        }

        await SettleAsync();
        await DrainAsync(workers);
        Outages.EndedAt = Clock.Now;
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromSeconds(90); passed += Tick)
        {
            Pass();
        }

        await workers.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task Should_not_start_the_entity_again_before_the_worker_is_heard_when_it_stopped_because_of_the_silence()
    {
        var (session, workers, entity) = await AnnouncedAsync();
        await BeatAsync(session, seconds: 20, every: 2);
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromSeconds(30); passed += Tick)
        {
            Pass();
        }

        await SettleAsync();
        await DrainAsync(workers);
        Sys.Stop(entity);
        Clock.Advance(TimeSpan.FromSeconds(5));
        await workers.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(100));

        session.Beat();
        Assert.Equal(TimeSpan.Zero, (await workers.ExpectMsgAsync<OpenSession>()).Watch!.SilentFor);
    }

    [Fact]
    public async Task Should_announce_the_session_again_when_the_entity_of_a_beating_worker_ended()
    {
        var (session, workers, entity) = await AnnouncedAsync();
        await BeatAsync(session, seconds: 20, every: 2);

        Sys.Stop(entity);

        Assert.NotNull((await workers.ExpectMsgAsync<OpenSession>()).Watch);
    }

    [Fact]
    public async Task Should_confirm_no_beat_when_the_entity_s_node_is_too_old_to_follow_them()
    {
        var (session, workers, _) = await AnnouncedAsync(Done.Instance);

        Assert.False(session.Beat());
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromSeconds(90); passed += Tick)
        {
            Pass();
        }

        await workers.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Should_not_use_a_number_again_while_an_entity_may_trust_it()
    {
        var first = Open();
        var second = Open();
        sessions.Close(first, wasOpened: true);

        Assert.NotEqual(first.Number, Open().Number);
        Clock.Advance(WatchedSession.TrustedFor * 2);
        Assert.Equal(first.Number, Open().Number);
        Assert.Null(sessions.LastBeatOf(sessions.Era + 1, second.Number));
        Assert.NotNull(sessions.LastBeatOf(sessions.Era, second.Number));
    }

    [Fact]
    public void Should_use_a_number_again_at_once_when_its_session_was_refused()
    {
        var refused = Open();
        sessions.Close(refused, wasOpened: false);

        Assert.Equal(refused.Number, Open().Number);
    }

    [Theory]
    [InlineData("nothing", true)]
    [InlineData("its entity's node is not heard", false)]
    [InlineData("its entity's node does not hear this one", false)]
    [InlineData("its entity's node is unreachable", false)]
    [InlineData("its entity's node is too old to say whether it hears this one", true)]
    public async Task Should_confirm_a_beat_only_when_the_entity_hears_of_it(string trouble, bool isConfirmed)
    {
        var (gateways, tolerance) = (Gateways.Of(Sys), Gateways.ToleranceOf(Settings));
        gateways.Joined(NodeB, Clock.Now);
        var (session, _, _) = await AnnouncedAsync(entityOn: NodeB);
        Assert.True(session.Beat());

        for (var passed = Tick; passed <= TimeSpan.FromSeconds(5); passed += Tick)
        {
            Pass();
            if (trouble != "its entity's node is not heard")
            {
                TimeSpan? since = trouble.Contains("does not hear", StringComparison.Ordinal) ? passed
                    : trouble.Contains("too old", StringComparison.Ordinal) ? null
                    : Tick;
                gateways.Beat(NodeB, new NodeBeat { SinceYours = since }, tolerance, Clock.Now);
            }
        }

        if (trouble == "its entity's node is unreachable")
        {
            gateways.Lost(NodeB, Clock.Now);
        }

        Assert.Equal(isConfirmed, session.Beat());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_not_confirm_a_beat_when_this_node_may_be_taken_over(bool hasEntity)
    {
        Gateways.Of(Sys).Joined(NodeB, Clock.Now);
        var (session, _, _) = await AnnouncedAsync(entityOn: hasEntity ? null : NodeB);
        Assert.True(session.Beat());

        permit.State = ServingPermit.Lapsed;

        Assert.False(session.Beat());
    }

    [Fact]
    public async Task Should_confirm_beats_for_a_while_only_when_the_entity_is_moving()
    {
        var (session, workers, entity) = await AnnouncedAsync();
        Sys.Stop(entity);
        _ = await workers.ExpectMsgAsync<OpenSession>();
        Assert.True(session.Beat());

        Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.False(session.Beat());

        announcer.Tell(SessionWatched.Instance, Sys.ActorOf(Props.Empty));
        await SettleAsync();
        Assert.True(session.Beat());
    }

    [Fact]
    public async Task Should_follow_the_entity_when_it_answers_from_elsewhere_without_a_word_of_its_end()
    {
        var (_, workers, _) = await AnnouncedAsync();
        var next = Sys.ActorOf(Props.Empty);
        announcer.Tell(SessionWatched.Instance, next);
        await SettleAsync();

        Sys.Stop(next);

        Assert.NotNull((await workers.ExpectMsgAsync<OpenSession>()).Watch);
    }

    private WatchedSession Open() => sessions.Open(Settings, Outages, permit);

    private byte[] Look() => sessions.Look(Tick);

    private void Pass()
    {
        Clock.Advance(Tick);
        _ = Look();
    }

    private async Task BeatAsync(WatchedSession session, int seconds, int every)
    {
        for (var passed = 1; passed <= seconds * 2; passed++)
        {
            Pass();
            await SettleAsync();
            if (passed % (every * 2) == 0)
            {
                session.Beat();
            }
        }
    }

    /// <summary>Beats until the session is described in the usual way. That is not done again for a minute.</summary>
    private async Task BeatUntilDescribedAsync(WatchedSession session, Akka.TestKit.TestProbe workers)
    {
        await BeatAsync(session, seconds: 20, every: 2);
        while (!workers.HasMessages)
        {
            await BeatAsync(session, seconds: 2, every: 2);
        }

        await DrainAsync(workers);
    }

    /// <summary>Waits until the session's actor has handled its messages.</summary>
    private Task<ActorIdentity> SettleAsync() => announcer.Ask<ActorIdentity>(new Identify(null));

    private async Task<(WatchedSession Session, Akka.TestKit.TestProbe Workers, IActorRef Entity)> AnnouncedAsync(
        object? answer = null, Address? entityOn = null)
    {
        var workers = CreateTestProbe();
        var entity = entityOn is null ? Sys.ActorOf(Props.Empty) : new GatewayCaller(entityOn, ((ExtendedActorSystem)Sys).Provider);
        var session = Open();
        var open = new OpenSession { WorkerId = new("w"), SessionId = "s" };
        var actor = Sys.ActorOf(WorkerSessionActor.Props(workers, open, session, new Client()));
        Assert.NotNull((await workers.ExpectMsgAsync<OpenSession>()).Watch);
        actor.Tell(answer ?? SessionWatched.Instance, entity);

        announcer = actor;
        await SettleAsync();
        return (session, workers, entity);
    }

    private static async Task DrainAsync(Akka.TestKit.TestProbe probe)
    {
        while (probe.HasMessages)
        {
            _ = await probe.ExpectMsgAsync<OpenSession>();
        }
    }

    private sealed class DeclaredPermit : IServingPermit
    {
        public ServingPermit State { get; set; } = ServingPermit.Valid;
    }

    private sealed class Client : IWorkerSessionClient
    {
        public void OnOpened(Refused? refused)
        {
        }

        public void OnReopened()
        {
        }

        public void OnSignal(ISessionSignal signal)
        {
        }

        public void OnClosed(Refused refused)
        {
        }
    }
}
