using Microsoft.Extensions.Time.Testing;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Tests.Workers;

public sealed class HeldTasksSpecs
{
    private static readonly DateTimeOffset Deadline = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider clock = new();

    [Fact]
    public void Should_add_a_lease_once_when_it_arrives_twice()
    {
        var held = new HeldTasks(2, clock);

        Assert.NotNull(held.TryAdd(Lease(1)));
        Assert.Null(held.TryAdd(Lease(1)));
        Assert.Equal(1, held.Free);
    }

    [Fact]
    public void Should_revoke_a_lease_only_when_two_consecutive_answers_do_not_list_it()
    {
        var held = new HeldTasks(2, clock);
        var task = held.TryAdd(Lease(1))!;

        Assert.Empty(held.Reconcile(held.Snapshot(), []));
        Assert.Empty(held.Reconcile(held.Snapshot(), [Believed(1, Deadline)]));
        Assert.Empty(held.Reconcile(held.Snapshot(), []));
        Assert.Equal([task.Key], held.Reconcile(held.Snapshot(), []));
        Assert.True(task.Revoked.IsCancellationRequested);
    }

    [Fact]
    public void Should_not_revoke_a_lease_when_it_arrived_after_the_heartbeat()
    {
        var held = new HeldTasks(2, clock);
        var before = held.Snapshot();
        held.TryAdd(Lease(1));

        Assert.Empty(held.Reconcile(before, []));
        Assert.Empty(held.Reconcile(before, []));
    }

    [Fact]
    public void Should_keep_the_outcome_when_a_lease_is_revoked_after_its_command_ended()
    {
        var held = new HeldTasks(2, clock);
        var task = held.TryAdd(Lease(1))!;
        held.Finish(task);

        Assert.False(held.Revoke(task.Key));
        Assert.Single(held.Snapshot());
    }

    [Fact]
    public void Should_time_out_after_the_remaining_seconds_when_the_clocks_differ()
    {
        var held = new HeldTasks(2, clock);
        var task = held.TryAdd(Lease(1))!;

        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.False(task.TimedOut.IsCancellationRequested);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(task.TimedOut.IsCancellationRequested);
    }

    [Fact]
    public void Should_time_out_later_when_the_lease_is_extended()
    {
        var held = new HeldTasks(2, clock);
        var task = held.TryAdd(Lease(1))!;
        clock.Advance(TimeSpan.FromSeconds(30));
        held.Reconcile(held.Snapshot(), [Believed(1, Deadline + TimeSpan.FromSeconds(100))]);

        clock.Advance(TimeSpan.FromSeconds(129));
        Assert.False(task.TimedOut.IsCancellationRequested);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(task.TimedOut.IsCancellationRequested);
    }

    [Fact]
    public void Should_not_time_out_earlier_when_an_answer_does_not_know_of_the_extension_yet()
    {
        var held = new HeldTasks(2, clock);
        var task = held.TryAdd(Lease(1))!;
        held.Extend(task.Key, Deadline + TimeSpan.FromSeconds(100));
        Assert.Empty(held.Reconcile(held.Snapshot(), [Believed(1, Deadline)]));
        held.Extend(task.Key, Deadline + TimeSpan.FromSeconds(50));
        held.Extend(new LeaseKey(task.Key.TaskId, new LeaseEpoch(2)), Deadline + TimeSpan.FromSeconds(200));

        clock.Advance(TimeSpan.FromSeconds(159));
        Assert.False(task.TimedOut.IsCancellationRequested);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(task.TimedOut.IsCancellationRequested);
    }

    [Fact]
    public void Should_keep_the_deadline_when_the_answer_does_not_know_it()
    {
        var held = new HeldTasks(2, clock);
        var task = held.TryAdd(Lease(1))!;
        Assert.Empty(held.Reconcile(held.Snapshot(), [Believed(1, deadline: null)]));

        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.False(task.TimedOut.IsCancellationRequested);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(task.TimedOut.IsCancellationRequested);
    }

    [Fact]
    public async Task Should_signal_a_free_slot_when_a_task_is_removed()
    {
        var held = new HeldTasks(1, clock);
        var task = held.TryAdd(Lease(1))!;
        var room = held.WaitForRoomAsync(CancellationToken.None);
        Assert.False(room.IsCompleted);

        held.Remove(task.Key);
        await room;
        Assert.Equal(1, held.Free);
    }

    private static LeasedTask Lease(long epoch) => new()
    {
        TaskId = new TaskId($"t-{epoch}"),
        Epoch = new LeaseEpoch(epoch),
        Queue = new QueueName("cpu_standard"),
        Deadline = Deadline,
        RemainingSeconds = 60,
    };

    private static HeldLease Believed(long epoch, DateTimeOffset? deadline) => new()
    {
        TaskId = new TaskId($"t-{epoch}"),
        Epoch = new LeaseEpoch(epoch),
        Queue = new QueueName("cpu_standard"),
        Deadline = deadline,
    };
}
