using Morag.Failover.Actors.Workers;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Tests.Workers;

/// <summary>What an entity believes its worker to hold while grants, outcomes and answers overtake each other or are lost.</summary>
public sealed class HeldLeasesViewSpecs
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly HeldLeasesView held = new(partitions: 2);

    [Fact]
    public void Should_be_contradicted_by_a_digest_with_a_lease_that_it_lacks()
    {
        Assert.False(held.Contradicts(0, Digest(7)));
        held.MarkEmpty();

        Assert.False(held.Contradicts(0, Digest()));
        Assert.True(held.Contradicts(0, Digest(7)));
        held.Add(Leased(7), partition: 0, Now);
        Assert.False(held.Contradicts(0, Digest(7)));
        Assert.True(held.Contradicts(1, Digest(7)));
        Assert.True(held.Contradicts(0, Digest(8)));
        Assert.True(held.Contradicts(0, Digest(7, 8)));
    }

    [Fact]
    public void Should_be_contradicted_by_a_digest_with_another_deadline()
    {
        held.MarkEmpty();
        held.Add(Leased(7) with { Deadline = Now }, partition: 0, Now);

        Assert.False(held.Contradicts(0, LeaseDigest.Of([(new(7), Now)])));
        Assert.True(held.Contradicts(0, LeaseDigest.Of([(new(7), Now.AddSeconds(1))])));
    }

    [Fact]
    public void Should_move_the_deadline_of_a_held_lease_only_later_when_it_is_extended()
    {
        held.MarkEmpty();
        held.Add(Leased(7) with { Deadline = Now }, partition: 0, Now);
        Assert.Equal(Now, Assert.Single(held.Shown).Deadline);

        Assert.True(held.Extend(new("task-7"), new(7), Now.AddMinutes(2), Now));
        Assert.False(held.Extend(new("task-7"), new(7), Now.AddMinutes(1), Now));
        Assert.False(held.Extend(new("task-7"), new(6), Now.AddMinutes(3), Now));
        Assert.False(held.Extend(new("task-8"), new(8), Now.AddMinutes(3), Now));

        Assert.Equal(Now.AddMinutes(2), Assert.Single(held.Shown).Deadline);
    }

    [Fact]
    public void Should_learn_a_deadline_from_an_answer_unless_the_answer_may_be_older_than_an_extension()
    {
        var moved = new List<HeldLease>();
        held.MarkEmpty();
        held.Add(Leased(7) with { Deadline = Now }, partition: 0, Now);
        held.StartQuery(0, Now.AddSeconds(1));
        Assert.True(held.OnAnswer(AnswerWith(Now.AddMinutes(1)), Now, moved.Add));
        Assert.Equal(Now.AddMinutes(1), Assert.Single(held.Shown).Deadline);

        held.StartQuery(0, Now.AddSeconds(2));
        Assert.True(held.Extend(new("task-7"), new(7), Now.AddMinutes(2), Now.AddSeconds(3)));
        Assert.True(held.OnAnswer(AnswerWith(Now.AddMinutes(1)), Now, moved.Add));
        Assert.Equal(Now.AddMinutes(2), Assert.Single(held.Shown).Deadline);

        held.StartQuery(0, Now.AddSeconds(4));
        Assert.True(held.OnAnswer(AnswerWith(Now.AddMinutes(1)), Now, moved.Add));
        Assert.Equal(Now.AddMinutes(1), Assert.Single(held.Shown).Deadline);
        Assert.Equal([Now.AddMinutes(1), Now.AddMinutes(1)], moved.Select(lease => lease.Deadline!.Value));

        HeldLeases AnswerWith(DateTimeOffset deadline)
        {
            var answer = Answer(held.NumberOf(0), 7);
            return answer with { Leases = [answer.Leases[0] with { Deadline = deadline }] };
        }
    }

    [Fact]
    public void Should_wait_for_the_answer_to_a_query_before_it_starts_another()
    {
        held.MarkEmpty();
        held.StartQuery(0, Now);
        var number = held.NumberOf(0);

        Assert.False(held.Contradicts(0, Digest(7)));
        held.StartQuery(0, Now);
        held.StartQuery(Now);

        Assert.Equal(number, held.NumberOf(0));
        Assert.NotEqual(number, held.NumberOf(1));
    }

    [Fact]
    public void Should_ignore_the_answer_to_an_earlier_query_because_it_may_lack_what_was_granted_since()
    {
        held.MarkEmpty();
        held.StartQuery(0, Now);
        var first = held.NumberOf(0);
        Assert.True(held.OnAnswer(Answer(first), Now));
        held.Add(Leased(7), partition: 0, Now);
        held.StartQuery(0, Now.AddSeconds(1));

        Assert.False(held.OnAnswer(Answer(first), Now));
        Assert.True(held.Holds(new("task-7"), new(7)));

        Assert.True(held.OnAnswer(Answer(held.NumberOf(0)), Now));
        Assert.Equal(0, held.Count);
    }

    [Fact]
    public void Should_not_deny_a_lease_that_the_worker_lists_until_its_partition_has_answered()
    {
        var listed = new HeldByWorker { TaskId = new("task-7"), Epoch = new(7) };
        var partition = held.PartitionOf(listed.TaskId);
        var other = 1 - partition;
        held.StartQuery(Now);
        Assert.True(held.OnAnswer(new HeldLeases { Partition = other, WorkerId = new("w"), Number = held.NumberOf(other) }, Now));

        var shown = Assert.Single(held.ShownTo([listed]));
        Assert.Equal((listed.TaskId, null), (shown.TaskId, shown.Deadline));

        Assert.True(held.OnAnswer(new HeldLeases { Partition = partition, WorkerId = new("w"), Number = held.NumberOf(partition) }, Now));
        Assert.Empty(held.ShownTo([listed]));
    }

    [Fact]
    public void Should_accept_an_answer_without_number_from_a_node_of_an_earlier_version()
    {
        held.MarkEmpty();
        held.StartQuery(0, Now);

        Assert.True(held.OnAnswer(Answer(0, 7), Now));
        Assert.True(held.Holds(new("task-7"), new(7)));
    }

    [Fact]
    public void Should_not_take_back_a_lease_that_ended_while_a_query_of_its_partition_was_under_way()
    {
        held.MarkEmpty();
        held.Add(Leased(7), partition: 0, Now);
        held.StartQuery(0, Now);
        held.Remove(new("task-7"), new(7));
        held.StartQuery(Now);

        held.OnAnswer(Answer(held.NumberOf(0), 7), Now);

        Assert.Equal(0, held.Count);
    }

    [Fact]
    public void Should_remember_ended_leases_only_for_the_partition_whose_reply_may_list_them()
    {
        held.MarkEmpty();
        held.StartQuery(1, Now);
        foreach (var epoch in Enumerable.Range(1, 100))
        {
            held.Add(Leased(epoch), partition: 0, Now);
            held.Remove(new($"task-{epoch}"), new(epoch));
        }

        held.Add(Leased(101), partition: 0, Now);
        held.Add(Leased(102), partition: 1, Now);
        held.Clear();

        Assert.Equal(1, held.EndedCount);
        held.OnAnswer(Answer(held.NumberOf(1), 102) with { Partition = 1 }, Now);
        Assert.Equal((0, 0), (held.Count, held.EndedCount));
    }

    [Fact]
    public void Should_find_a_lease_undelivered_at_the_second_check_if_no_run_of_the_entity_delivered_it()
    {
        held.StartQuery(Now);
        held.OnAnswer(Answer(held.NumberOf(0), 1), Now);
        held.OnAnswer(Answer(held.NumberOf(1)) with { Partition = 1 }, Now);
        held.Add(Leased(2), partition: 0, Now);
        held.StartQuery(0, Now);
        held.OnAnswer(Answer(held.NumberOf(0), 1, 2, 3, 4), Now);
        held.MarkDelivered(new("task-4"), Now);

        Assert.Null(held.FindUndelivered(partition: 0));
        Assert.Null(held.FindUndelivered(partition: 1));
        Assert.Equal("task-3", Assert.Single(held.FindUndelivered(partition: 0)!).TaskId.Value);
    }

    [Fact]
    public void Should_count_heartbeats_that_arrive_together_once_when_it_looks_for_undelivered_leases()
    {
        var interval = TimeSpan.FromSeconds(2);
        held.MarkEmpty();
        held.Add(Leased(1), partition: 0, Now);

        Assert.Null(Missing(seconds: 11));
        Assert.Null(Missing(seconds: 11.1));
        Assert.Null(Missing(seconds: 12.9));
        Assert.Equal("task-1", Assert.Single(Missing(seconds: 13)!).TaskId.Value);

        List<HeldLease>? Missing(double seconds) => held.FindUndelivered([], _ => true, interval, Now.AddSeconds(seconds));
    }

    [Theory]
    [InlineData(0.1, 10)]
    [InlineData(5, 10)]
    [InlineData(6, 12)]
    public void Should_leave_a_lease_time_to_arrive_after_each_delivery_before_it_is_undelivered(double interval, double time)
    {
        held.MarkEmpty();
        held.Add(Leased(1), partition: 0, Now);

        Assert.Null(Missing(time - 0.1 - interval));
        Assert.Null(Missing(time - 0.1));
        held.MarkDelivered(new("task-1"), Now.AddSeconds(time));
        Assert.Null(Missing(time + interval));
        Assert.Null(Missing(time + time - 0.1));
        Assert.Equal("task-1", Assert.Single(Missing(time + time + interval)!).TaskId.Value);

        List<HeldLease>? Missing(double seconds) =>
            held.FindUndelivered([], _ => true, TimeSpan.FromSeconds(interval), Now.AddSeconds(seconds));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Should_find_a_lost_lease_undelivered_on_time_when_the_clock_of_its_queue_differs(int hours)
    {
        held.MarkEmpty();
        held.StartQuery(0, Now);
        var answer = Answer(held.NumberOf(0), 1);
        held.OnAnswer(answer with { Leases = [answer.Leases[0] with { GrantedAt = Now.AddHours(hours) }] }, Now);

        Assert.Null(Missing(seconds: 5));
        Assert.Null(Missing(seconds: 9));
        Assert.Equal("task-1", Assert.Single(Missing(seconds: 10)!).TaskId.Value);

        List<HeldLease>? Missing(double seconds) =>
            held.FindUndelivered([], _ => true, TimeSpan.FromSeconds(1), Now.AddSeconds(seconds));
    }

    [Fact]
    public void Should_not_wait_for_the_clock_to_catch_up_when_it_was_set_back_after_a_lease_was_sent()
    {
        held.MarkEmpty();
        held.Add(Leased(1), partition: 0, Now);

        Assert.Null(Missing(seconds: 1));
        Assert.Equal("task-1", Assert.Single(Missing(seconds: -3_600)!).TaskId.Value);

        List<HeldLease>? Missing(double seconds) =>
            held.FindUndelivered([], _ => true, TimeSpan.FromSeconds(1), Now.AddSeconds(seconds));
    }

    private static long Digest(params long[] epochs) =>
        LeaseDigest.Of(epochs.Select(epoch => (new LeaseEpoch(epoch), default(DateTimeOffset))));

    private static HeldLeases Answer(long number, params long[] epochs) => new()
    {
        WorkerId = new("cpu-1"),
        Partition = 0,
        Number = number,
        Leases = [.. epochs.Select(epoch => new HeldLease { TaskId = new($"task-{epoch}"), Epoch = new(epoch), Queue = new("cpu_batch") })],
    };

    private static LeasedTask Leased(long epoch) => new() { TaskId = new($"task-{epoch}"), Epoch = new(epoch), Queue = new("cpu_batch") };
}
