using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Live;

namespace Morag.Failover.Client.Tests.Events;

/// <summary>A reader of live events whose streams end or cannot be opened.</summary>
public sealed class EventReaderSpecs
{
    private readonly FakeTransport transport = new(_ => throw new NotSupportedException("no calls here"));
    private readonly InstantClock clock = new();
    private readonly MoragClient client;

    public EventReaderSpecs() => client = new MoragClient(transport, clock: clock);

    public static TheoryData<LiveEventFilter, string> Filters => new()
    {
        { new LiveEventFilter(), "gap failure decision resolved breaker worker news failure" },
        { new LiveEventFilter { Task = new("t") }, "gap failure decision resolved news" },
        { new LiveEventFilter { Worker = new("w") }, "gap failure decision breaker worker news" },
        { new LiveEventFilter { Task = new("t"), Worker = new("w") }, "gap failure decision news" },
        { new LiveEventFilter { Task = new("t"), Worker = new("other") }, "gap news" },
    };

    [Fact]
    public async Task Should_say_that_events_may_be_missing_at_the_start_and_after_each_interruption()
    {
        Streams(
            Then(Opened, Worker("one")),
            Fails(new MoragUnavailableException("no node answers")),
            Then(Opened, Worker("two")),
            Then(Opened, Worker("three")));

        var read = await ReadAsync(6);

        Assert.Equal(["gap", "worker", "gap", "worker", "gap", "worker"], read.Select(live => live.Name));
        Assert.Equal([true, false, false], read.OfType<LiveGap>().Select(gap => gap.IsStart));
        Assert.Equal(Opened.Reason, ((LiveGap)read[0]).Reason);
        Assert.Equal("no node answers", ((LiveGap)read[2]).Reason);
        Assert.StartsWith("the node ended the stream", ((LiveGap)read[4]).Reason, StringComparison.Ordinal);
        Assert.Equal(["one", "two", "three"], read.OfType<LiveWorker>().Select(live => live.Change.WorkerId.Value));
    }

    [Fact]
    public async Task Should_say_why_the_stream_broke_when_it_is_open_again()
    {
        Streams(Breaks(new MoragUnavailableException("a line is longer than 4 bytes"), Opened, Worker("one")), Then(Opened));

        var read = await ReadAsync(3);

        Assert.Equal("a line is longer than 4 bytes", Assert.IsType<LiveGap>(read[2]).Reason);
    }

    [Fact]
    public async Task Should_fail_when_no_stream_could_be_opened_within_the_budget()
    {
        var attempts = 0;
        Streams(Enumerable.Repeat<Func<IAsyncEnumerable<LiveEvent>>>(
            () =>
            {
                attempts++;
                return Fails(new MoragUnavailableException("no node answers"))();
            },
            1_000));

        _ = await Assert.ThrowsAsync<MoragUnavailableException>(() => ReadAsync(1));

        Assert.InRange(attempts, 5, 100);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Should_begin_a_new_budget_when_a_stream_was_open()
    {
        var outage = Enumerable.Repeat(Fails(new MoragUnavailableException("no node answers")), 10).ToArray();
        Streams([.. outage, Then(Opened), .. outage, Then(Opened), .. outage, Then(Opened), .. outage, Then(Opened)]);

        Assert.Equal(4, (await ReadAsync(4)).Count);
    }

    [Fact]
    public async Task Should_fail_at_once_when_the_token_does_not_allow_the_stream()
    {
        Streams(Fails(new MoragAccessDeniedException("the token has expired")), Then(Opened));

        _ = await Assert.ThrowsAsync<MoragAccessDeniedException>(() => ReadAsync(1));
    }

    [Fact]
    public async Task Should_say_so_when_the_transport_carries_no_events()
    {
        Streams(() => throw new NotSupportedException("not over this transport"));

        _ = await Assert.ThrowsAsync<NotSupportedException>(() => ReadAsync(1));
    }

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task Should_yield_only_what_matches_the_filter_and_every_gap_and_unknown_event(LiveEventFilter filter, string expected)
    {
        var decision = Decisions.Of(new ReportFailure { TaskId = new("t"), FailureType = FailureType.TaskTimeout });
        var failure = decision.FailureEvent with { WorkerId = new("w") };
        Streams(Then(
            Opened,
            new LiveFailure { Failure = failure },
            new LiveDecision { Decision = decision with { FailureEvent = failure } },
            new LiveResolved { Resolved = new DecisionResolved { TaskId = new("t"), FailureId = new("f") } },
            new LiveBreaker { Change = new BreakerChanged { WorkerId = new("w") } },
            Worker("w"),
            new LiveUnknown { Kind = "news", Data = "{}" },
            new LiveFailure { Failure = failure with { TaskId = new("u"), WorkerId = null } }));
        var names = expected.Split(' ');

        Assert.Equal(names, (await ReadAsync(names.Length, filter)).Select(live => live.Name));
    }

    private static LiveGap Opened => new() { IsStart = true, Reason = "the stream begins" };

    private static LiveWorker Worker(string id) => new() { Change = new WorkerChanged { WorkerId = new(id), What = "registered" } };

    private static Func<IAsyncEnumerable<LiveEvent>> Then(params LiveEvent[] events) => () => events.ToAsyncEnumerable();

    private static Func<IAsyncEnumerable<LiveEvent>> Fails(MoragException failure) => Breaks(failure);

    private static Func<IAsyncEnumerable<LiveEvent>> Breaks(MoragException failure, params LiveEvent[] before) =>
        () => before.Select(live => (LiveEvent?)live).Append(null).ToAsyncEnumerable().Select(live => live ?? throw failure);

    private void Streams(params IEnumerable<Func<IAsyncEnumerable<LiveEvent>>> streams)
    {
        foreach (var stream in streams)
        {
            transport.EventStreams.Enqueue(stream);
        }
    }

    private async Task<List<LiveEvent>> ReadAsync(int count, LiveEventFilter? filter = null) =>
        await client.ReadEventsAsync(filter).Take(count).ToListAsync();

    /// <summary>A clock on which each pause is over at once, and has lasted as long as it should.</summary>
    private sealed class InstantClock : TimeProvider
    {
        private long ticks;

        public TimeSpan Elapsed => TimeSpan.FromTicks(GetTimestamp());

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref ticks);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Add(ref ticks, dueTime.Ticks);
            return System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
