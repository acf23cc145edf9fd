using Microsoft.Extensions.Time.Testing;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Tests.Workers;

/// <summary>When a beat says enough, and when a heartbeat is due.</summary>
public sealed class ToldStateSpecs
{
    private static readonly HeldByWorker[] Held = [new() { TaskId = new("t-1"), Epoch = new(3) }];

    private readonly FakeTimeProvider clock = new();
    private readonly ToldState told;

    public ToldStateSpecs() => told = new ToldState(TimeSpan.FromSeconds(2), clock);

    [Fact]
    public void Should_be_current_while_nothing_changes_for_twenty_five_seconds()
    {
        told.Answered(told.Begin(), WorkerStatus.Online, Held, [Lease(confirmed: true)]);

        Assert.True(told.IsCurrent(WorkerStatus.Online, Held));
        Assert.False(told.IsCurrent(WorkerStatus.Busy, Held));
        Assert.False(told.IsCurrent(WorkerStatus.Online, []));
        clock.Advance(TimeSpan.FromSeconds(24));
        Assert.True(told.IsCurrent(WorkerStatus.Online, Held));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(told.IsCurrent(WorkerStatus.Online, Held));
    }

    [Fact]
    public void Should_not_be_current_when_the_node_lists_other_leases_or_a_call_was_in_doubt()
    {
        told.Answered(told.Begin(), WorkerStatus.Online, Held, []);
        Assert.False(told.IsCurrent(WorkerStatus.Online, Held));

        told.Answered(told.Begin(), WorkerStatus.Online, Held, [Lease(confirmed: true)]);
        told.Doubt();
        Assert.False(told.IsCurrent(WorkerStatus.Online, Held));
    }

    [Fact]
    public void Should_not_be_current_when_a_doubt_comes_up_while_a_heartbeat_is_under_way()
    {
        var begun = told.Begin();
        told.Doubt();
        told.Answered(begun, WorkerStatus.Online, Held, [Lease(confirmed: true)]);

        Assert.False(told.IsCurrent(WorkerStatus.Online, Held));
    }

    [Fact]
    public void Should_not_be_current_when_the_node_only_repeats_a_lease_whose_partition_has_not_confirmed_it()
    {
        told.Answered(told.Begin(), WorkerStatus.Online, Held, [Lease(confirmed: false)]);

        Assert.False(told.IsCurrent(WorkerStatus.Online, Held));
    }

    private static HeldLease Lease(bool confirmed) => new()
    {
        TaskId = new("t-1"),
        Epoch = new(3),
        Queue = new(confirmed ? "cpu_standard" : "unknown"),
        GrantedAt = confirmed ? DateTimeOffset.UnixEpoch : null,
    };
}
