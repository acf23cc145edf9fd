using Morag.Failover.Actors.Workers;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Tests.Workers;

/// <summary>Which partition is asked next for which of a worker's waiting calls.</summary>
public sealed class LeaseDemandSpecs
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private const long Incarnation = 7;

    private DateTimeOffset now = Now;

    private readonly LeaseDemand demand = new(partitions: 1, unansweredAfter: TimeSpan.FromSeconds(2), new WorkerSettings(), Random.Shared);

    [Fact]
    public void Should_ask_once_for_all_calls_that_want_the_same_when_there_is_nothing()
    {
        Enter();
        Enter();
        Enter("cpu_batch");

        Assert.Empty(Answer(Ask()!).Callers[0].Request.Queues);
        Assert.Equal("cpu_batch", Answer(Ask()!).Callers[0].Request.Queues[0].Value);
        Assert.Null(Ask());
    }

    [Fact]
    public void Should_ask_one_by_one_for_calls_when_they_have_request_ids()
    {
        Enter(new RequestId("a"));
        Enter();
        Enter(new RequestId("b"));
        Enter();

        Assert.Single(Answer(Ask()!).Callers);
        demand.OnWorkAvailable(0);
        demand.RemoveServed([demand.Waiting.First()], Now);
        Assert.Equal(2, Ask()!.Callers.Length);
    }

    [Fact]
    public void Should_ask_for_every_call_again_when_work_came_while_the_empty_answer_was_on_its_way()
    {
        Enter();
        Enter();
        var question = Ask()!;
        demand.OnWorkAvailable(0);

        Answer(question);

        Assert.NotNull(Ask());
    }

    [Fact]
    public void Should_ask_for_the_next_call_when_one_was_served()
    {
        Enter();
        Enter();
        Answer(Ask()!);
        demand.OnWorkAvailable(0);
        var question = Ask()!;
        _ = demand.OnAnswer(0);
        demand.RemoveServed([question.Callers[0]], Now);

        var next = Ask();

        Assert.NotNull(next);
        Assert.Same(question.Callers[1], next.Callers[0]);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Should_ask_nobody_when_a_partition_that_does_not_exist_has_work(int partition)
    {
        Enter();
        Answer(Ask()!);

        demand.OnWorkAvailable(partition);

        Assert.Null(Ask());
    }

    [Fact]
    public void Should_answer_that_the_partition_is_down_at_once_when_it_says_so()
    {
        Enter();
        _ = Ask();

        demand.MarkDown(0, "queue-0 is down: a snapshot cannot be read", TimeSpan.FromSeconds(4), Now);

        Assert.Single(demand.RemoveFinished(mayLease: true, Now));
        var told = demand.UnreachablePartitions(Now)!;
        Assert.Equal(("queue-0", TimeSpan.FromSeconds(4)), (told.Owner, told.RetryAfter));
        Assert.Contains("a snapshot cannot be read", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_ask_a_partition_that_was_down_again_when_its_time_has_come_and_believe_its_answer()
    {
        Enter();
        _ = Ask();
        demand.MarkDown(0, "down", TimeSpan.FromSeconds(4), Now);
        _ = demand.RemoveFinished(mayLease: true, Now);
        Enter();

        var later = Now + TimeSpan.FromSeconds(4);
        Assert.Empty(demand.RemoveFinished(mayLease: true, later));
        Answer(demand.Next(mayLease: true, _ => true, NoRoomElsewhere, later)!);

        Assert.Null(demand.UnreachablePartitions(later));
    }

    [Fact]
    public void Should_not_say_that_there_is_no_work_when_the_partition_did_not_answer()
    {
        Enter();
        _ = Ask();

        var lost = Now + TimeSpan.FromSeconds(2);
        Assert.Empty(demand.RemoveFinished(mayLease: true, lost));
        Assert.NotNull(demand.Next(mayLease: true, _ => true, NoRoomElsewhere, lost));
        Assert.Single(demand.RemoveFinished(mayLease: true, Now + TimeSpan.FromSeconds(30)));

        Assert.Equal("queue-0", demand.UnreachablePartitions(Now)!.Owner);
    }

    [Fact]
    public void Should_wait_for_the_others_and_ask_them_first_when_one_of_several_is_down()
    {
        var several = new LeaseDemand(partitions: 2, unansweredAfter: TimeSpan.FromSeconds(2), new WorkerSettings(), Random.Shared);
        several.MarkDown(0, "down", TimeSpan.FromSeconds(4), Now);
        several.Add(Request(null, []), ActorRefs.Nobody, repeatFirst: false, holdsNothing: true, Now);

        Assert.Empty(several.RemoveFinished(mayLease: true, Now));
        var first = several.Next(mayLease: true, _ => true, NoRoomElsewhere, Now)!;
        Assert.Equal(1, first.Partition);
        _ = several.OnAnswer(1);
        several.OnNothingFound(first, Incarnation, Now);
        Assert.Null(several.Next(mayLease: true, _ => true, NoRoomElsewhere, Now));
        Assert.Equal(Now + TimeSpan.FromSeconds(4), several.DueAt(Now));
        Assert.Equal(0, several.Next(mayLease: true, _ => true, NoRoomElsewhere, Now + TimeSpan.FromSeconds(4))!.Partition);
    }

    [Fact]
    public void Should_ask_nobody_for_the_calls_that_follow_while_the_partition_keeps_the_interest()
    {
        Enter();
        Assert.Equal(TimeSpan.FromMinutes(30), Answer(Ask()!).Interest!.For);

        // The same wish again and again, as a worker does that waits for hours.
        for (var i = 0; i < 19; i++)
        {
            Later(TimeSpan.FromSeconds(30));
            Assert.Single(demand.RemoveFinished(mayLease: true, now));
            Enter();
            Assert.True(i >= 15 || Ask() is null, $"asked after {i + 1} calls");
        }

        demand.OnWorkAvailable(0);
        Assert.NotNull(Ask());
    }

    [Fact]
    public void Should_renew_its_interest_after_eight_to_ten_minutes_while_a_call_waits()
    {
        Enter();
        Answer(Ask()!);
        for (var i = 0; i < 15; i++)
        {
            Later(TimeSpan.FromSeconds(30));
            _ = demand.RemoveFinished(mayLease: true, now);
            Enter();
        }

        Assert.Null(Ask());
        var renewed = 0;
        for (var i = 0; i < 152; i++)
        {
            Later(TimeSpan.FromSeconds(1));
            if (demand.RemoveFinished(mayLease: true, now).Count > 0)
            {
                Enter();
            }

            if (Ask() is { } question)
            {
                renewed++;
                Answer(question);
            }
        }

        Assert.Equal(1, renewed);
    }

    [Fact]
    public void Should_ask_for_a_call_that_the_kept_interest_does_not_cover()
    {
        Enter("cpu_batch");
        Answer(Ask()!);

        Enter("cpu_standard");
        Answer(Ask()!);
        Enter("cpu_batch");
        Enter("cpu_batch");
        Assert.NotNull(Answer(Ask()!));
        Assert.Null(Ask());

        demand.Add(Request(null, []) with { Wait = TimeSpan.Zero }, ActorRefs.Nobody, repeatFirst: false, holdsNothing: true, now);
        Assert.NotNull(Ask());
    }

    [Fact]
    public void Should_ask_again_when_the_partition_that_keeps_its_interest_runs_anew_or_the_worker_is_fenced()
    {
        Enter();
        Answer(Ask()!);
        Assert.Equal(0, Assert.Single(demand.InterestKnown.Partitions));
        Assert.Equal(Incarnation, demand.InterestKnown.Incarnations);

        demand.OnPartitionsRestarted([new() { Partition = 0, Incarnation = Incarnation }, new() { Partition = 5, Incarnation = 3 }]);
        Assert.Null(Ask());
        demand.OnPartitionsRestarted([new() { Partition = 0, Incarnation = Incarnation + 1 }]);
        Assert.Empty(demand.InterestKnown.Partitions);
        Answer(Ask()!);

        demand.Reset();
        Assert.NotNull(Ask());
    }

    [Fact]
    public void Should_ask_a_partition_that_reckons_with_leases_of_others_when_one_of_them_ended()
    {
        var several = new LeaseDemand(partitions: 2, unansweredAfter: TimeSpan.FromSeconds(2), new WorkerSettings(), Random.Shared);
        several.Add(Request(null, []), ActorRefs.Nobody, repeatFirst: false, holdsNothing: true, now);
        AnswerBoth();

        several.OnLeasesEnded();

        Assert.Equal(1, Next()!.Partition);

        void AnswerBoth()
        {
            while (Next() is { } question)
            {
                _ = several.OnAnswer(question.Partition);
                several.OnNothingFound(question, Incarnation, now);
            }
        }

        LeaseDemand.Question? Next() =>
            several.Next(
                mayLease: true, _ => true, (_, partition) => [new() { Queue = new("q"), Cap = 4, HeldElsewhere = partition }], now);
    }

    [Fact]
    public void Should_look_for_what_the_worker_was_given_before_only_when_it_may_hold_something()
    {
        demand.Add(Request(new("a"), []), ActorRefs.Nobody, repeatFirst: true, holdsNothing: false, now);
        Assert.True(Ask()!.OnlyRepeat);

        var idle = new LeaseDemand(partitions: 2, unansweredAfter: TimeSpan.FromSeconds(2), new WorkerSettings(), Random.Shared);
        idle.Add(Request(new("a"), []), ActorRefs.Nobody, repeatFirst: false, holdsNothing: true, now);
        Assert.False(idle.Next(mayLease: true, _ => true, NoRoomElsewhere, now)!.OnlyRepeat);
    }

    [Fact]
    public void Should_not_come_due_again_and_again_when_an_interest_ran_out_while_nothing_could_be_asked()
    {
        Enter("q");
        Answer(Ask()!);
        Later(TimeSpan.FromHours(1));
        Enter("q");

        demand.RemoveFinished(mayLease: false, now);

        Assert.True(demand.DueAt(now) > now);
        Assert.NotNull(Ask());
    }

    [Fact]
    public void Should_ask_for_a_call_that_waits_when_one_that_does_not_wait_had_asked_for_the_same()
    {
        Enter("cpu");
        Answer(Ask()!);
        demand.Add(Request(null, ["gpu"]) with { Wait = TimeSpan.Zero }, ActorRefs.Nobody, repeatFirst: false, holdsNothing: true, now);
        Answer(Ask()!);
        demand.Remove(_ => true);

        Enter("gpu");

        Assert.NotNull(Ask());
    }

    [Fact]
    public void Should_ask_again_for_all_calls_when_a_partition_that_keeps_the_interest_is_silent()
    {
        Enter("q");
        Answer(Ask()!);
        demand.MarkSilent(0, now);

        Assert.NotNull(Ask());
    }

    private void Enter(params string[] queues) => Enter(null, queues);

    private void Enter(RequestId? request, params string[] queues) =>
        demand.Add(Request(request, queues), ActorRefs.Nobody, repeatFirst: false, holdsNothing: true, now);

    private void Later(TimeSpan time) => now += time;

    private static RequestLeases Request(RequestId? request, string[] queues) => new()
    {
        WorkerId = new("w"),
        MaxTasks = 1,
        Wait = TimeSpan.FromSeconds(30),
        RequestId = request,
        Queues = [.. queues.Select(queue => new QueueName(queue))],
    };

    private static ImmutableArray<QueueRoom> NoRoomElsewhere(ImmutableArray<QueueName> queues, int partition) =>
        [.. queues.Select(queue => new QueueRoom { Queue = queue, Cap = 8 })];

    private LeaseDemand.Question? Ask() => demand.Next(mayLease: true, _ => true, NoRoomElsewhere, now);

    private LeaseDemand.Question Answer(LeaseDemand.Question question)
    {
        Assert.Same(question, demand.OnAnswer(question.Partition));
        demand.OnNothingFound(question, Incarnation, now);
        return question;
    }
}
