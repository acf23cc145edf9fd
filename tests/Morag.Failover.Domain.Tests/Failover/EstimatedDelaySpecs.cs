using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Fleet;
using static Morag.Failover.Domain.Tests.Failover.Cases;

namespace Morag.Failover.Domain.Tests.Failover;

/// <summary>How long a decision says it will take until the task runs again, in minutes.</summary>
public sealed class EstimatedDelaySpecs
{
    private static readonly ProfileCount OnlyA = Ready(WorkerCapability.Hybrid, "worker-a");

    [Fact]
    public void Should_be_the_delay_of_a_retry_on_the_same_worker() =>
        Assert.Equal(0.5, EstimatedMinutes(Of(FailureType.NetworkFailure)));

    [Fact]
    public void Should_be_nothing_when_another_worker_is_ready() =>
        Assert.Equal(0, EstimatedMinutes(Of(FailureType.ProcessingError)));

    [Fact]
    public void Should_be_the_delay_of_a_later_reassignment_also_when_another_worker_is_ready()
    {
        var facts = Facts with { Reassignments = 2 };

        Assert.Equal(10.0 / 60, EstimatedMinutes(Of(FailureType.WorkerOverloaded, facts)), precision: 6);
    }

    [Fact]
    public void Should_be_until_the_breaker_lets_a_probe_through_when_there_is_no_other_worker() =>
        Assert.Equal(
            5,
            EstimatedMinutes(Of(FailureType.TaskTimeout, worker: Standing(consecutive: 3, open: true)) with { Fleet = FleetOf(OnlyA) }));

    [Fact]
    public void Should_be_until_the_task_moves_to_the_next_queue_when_nobody_can_take_it() =>
        Assert.Equal(
            Defaults.Queues.UnservedAfter.TotalMinutes,
            EstimatedMinutes(Of(FailureType.ProcessingError) with { Fleet = FleetOf(Ready(WorkerCapability.Cpu, "worker-b")) }));

    [Fact]
    public void Should_be_until_the_task_moves_when_all_that_could_take_it_are_unavailable() =>
        Assert.Equal(
            Defaults.Queues.UnservedAfter.TotalMinutes,
            EstimatedMinutes(
                Of(FailureType.ProcessingError) with { Fleet = FleetOf(Unavailable(WorkerCapability.Gpu, new() { Draining = 1 })) }));

    [Fact]
    public void Should_be_until_the_task_moves_when_that_is_before_the_breaker_lets_a_probe_through()
    {
        var failure = Of(FailureType.WorkerOverloaded, worker: Standing(open: true)) with { Fleet = FleetOf(OnlyA) };
        var settings = Defaults with { Queues = new() { UnservedAfter = TimeSpan.FromMinutes(2) } };

        Assert.Equal(2, failure.Decide(settings).Decision.EstimatedDelay);
    }

    [Fact]
    public void Should_be_the_delay_alone_when_the_fleet_is_not_known() =>
        Assert.Equal(0, EstimatedMinutes(Of(FailureType.ProcessingError) with { Fleet = FleetView.Empty }));

    [Fact]
    public void Should_be_nothing_when_an_operator_has_to_decide() =>
        Assert.Equal(0, EstimatedMinutes(Of(FailureType.ProcessingError, Facts with { OwnFailures = 3, MaxRetries = 0 })));

    private static double EstimatedMinutes(FailureCase failure) => failure.Decide().Decision.EstimatedDelay;
}
