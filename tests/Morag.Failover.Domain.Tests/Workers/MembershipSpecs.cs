using System.Collections.Immutable;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Tests.Workers;

public sealed class MembershipSpecs
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly WorkerId Worker = new("w1");
    private static readonly QueueSettings Queues = new();

    public static TheoryData<WorkerRegistration, string> BrokenRegistrations => new()
    {
        { Registration() with { MaxConcurrentTasks = 0 }, "max_concurrent_tasks" },
        { Registration() with { MaxConcurrentTasks = 10_001 }, "max_concurrent_tasks" },
        { Registration() with { Name = new string('x', 201) }, "name" },
        { Registration() with { HeartbeatIntervalSeconds = 0.05 }, "heartbeat_interval_seconds" },
        { Registration() with { HeartbeatIntervalSeconds = double.NaN }, "heartbeat_interval_seconds" },
        { Registration() with { Queues = [new("nowhere")] }, "queues" },
        { Registration() with { Queues = [new("cpu_batch")] }, "queues" },
        { Registration() with { Hardware = new() { MemoryGb = -1 } }, "hardware.memory_gb" },
        { Registration() with { Hardware = new() { DiskSpaceGb = double.PositiveInfinity } }, "hardware.disk_space_gb" },
        { Registration() with { Location = new() { Port = 70_000 } }, "location.port" },
        { Registration() with { Tags = Tags("", "x") }, "tags" },
        { Registration() with { Tags = Tags("site", new string('x', 201)) }, "tags" },
        { Registration() with { InstanceId = new InstanceId("not valid") }, "instance_id" },
        { Registration() with { WorkerId = new WorkerId("../x") }, "worker_id" },
    };

    [Theory]
    [MemberData(nameof(BrokenRegistrations))]
    public void Should_name_the_field_and_change_nothing_when_a_registration_breaks_a_rule(WorkerRegistration registration, string field)
    {
        var decision = Register(WorkerState.Unknown(Worker), registration);

        Assert.Null(decision.Event);
        var refused = Assert.IsType<Refused>(decision.Reply);
        Assert.Equal((RefusalReason.Invalid, field), (refused.Reason, refused.Field));
    }

    [Fact]
    public void Should_end_the_old_instances_leases_when_a_new_instance_registers_before_the_old_was_missed()
    {
        var state = Registered("i1");

        var after = state.Apply(Register(state, Registration("i2")).Event!);

        var fence = Assert.Single(after.Fences);
        Assert.Equal((FenceKind.Proven, new InstanceId("i1"), LossBlame.Worker), (fence.Kind, fence.InstanceId!.Value, fence.Blame));
        Assert.NotNull(fence.LossId);
        Assert.NotNull(WorkerMembership.RefuseCall(after, new InstanceId("i1")));
        Assert.Null(WorkerMembership.RefuseCall(after, new InstanceId("i2")));
    }

    [Fact]
    public void Should_count_a_renewal_as_a_change_whether_its_lists_are_the_same_or_read_back()
    {
        var registration = Registration() with { SupportedContentTypes = ["a100"] };
        var live = WorkerState.Unknown(Worker).Apply(Register(WorkerState.Unknown(Worker), registration).Event!);

        var renewed = live.Apply(Register(live, registration).Event!);
        var replayed = live.Apply(
            Register(live, registration with { SupportedContentTypes = [.. registration.SupportedContentTypes] }).Event!);

        Assert.Equal((live.Revision + 1, live.Revision + 1), (renewed.Revision, replayed.Revision));
    }

    [Fact]
    public void Should_infer_nothing_from_a_registration_without_an_instance()
    {
        var state = Registered(null);
        Assert.Empty(state.Apply(Register(state, Registration()).Event!).Fences);
    }

    [Fact]
    public void Should_keep_one_loss_when_a_missing_worker_is_replaced_or_declared_offline()
    {
        var lost = Lost(Registered("i1"));

        var replaced = lost.Apply(Register(lost, Registration("i2")).Event!);
        var declared = lost.Apply(
            WorkerMembership.TakeOffline(lost, new() { WorkerId = Worker, Reason = "dead" }, [], new("other"), T0, T0).Event!);

        Assert.All(replaced.Fences, fence => Assert.Equal(lost.LossId, fence.LossId));
        Assert.All(declared.Fences, fence => Assert.Equal(lost.LossId, fence.LossId));
    }

    [Fact]
    public void Should_lift_the_fence_and_drop_what_is_still_owed_of_the_loss_when_a_missing_worker_comes_back()
    {
        var lost = Lost(Registered("i1"));
        Assert.Equal(FenceKind.Lost, Assert.Single(lost.Fences).Kind);

        var back = lost.Apply(WorkerMembership.EndSuspicion(lost, T0)!);

        Assert.Equal(Liveness.Alive, back.Liveness);
        Assert.Equal(FenceKind.Lifted, Assert.Single(back.Fences).Kind);
    }

    [Fact]
    public void Should_keep_an_operators_drain_and_end_an_operators_offline_when_the_worker_registers_anew()
    {
        var state = Registered("i1");
        state = state.Apply(WorkerMembership.Drain(state, new DrainWorker { WorkerId = Worker, Reason = "upgrade" }, T0).Event!);
        state = state.Apply(
            WorkerMembership.TakeOffline(state, new() { WorkerId = Worker, Reason = "smoke" }, [], new("loss"), T0, T0).Event!);
        Assert.Null(WorkerMembership.EndSuspicion(state, T0));

        state = state.Apply(Register(state, Registration("i2")).Event!);

        Assert.Equal((Liveness.Alive, true), (state.Liveness, state.IsDraining));
        Assert.False(state.Apply(WorkerMembership.Resume(state, new ResumeWorker { WorkerId = state.WorkerId }, T0).Event!).IsDraining);
    }

    [Fact]
    public void Should_call_a_loss_planned_when_the_worker_drains()
    {
        var state = Registered("i1");
        state = state.Apply(WorkerMembership.Drain(state, new DrainWorker { WorkerId = Worker, Reason = "upgrade" }, T0).Event!);
        Assert.Equal(LossBlame.Planned, Assert.Single(Lost(state).Fences).Blame);
    }

    [Fact]
    public void Should_blame_nobody_when_no_node_observed_the_loss()
    {
        var lost = Lost(Registered("i1"), LossBlame.Unobserved);

        Assert.Equal(LossBlame.Unobserved, Assert.Single(lost.Fences).Blame);
        Assert.Null(lost.LostAt);
    }

    [Fact]
    public void Should_still_blame_nobody_when_an_unobserved_loss_is_proven_later()
    {
        var lost = WorkerSnapshotMapping.FromSnapshot(WorkerSnapshotMapping.ToSnapshot(Lost(Registered("i1"), LossBlame.Unobserved)));

        var replaced = lost.Apply(Register(lost, Registration("i2")).Event!);
        var declared = lost.Apply(
            WorkerMembership.TakeOffline(lost, new() { WorkerId = Worker, Reason = "dead" }, [], new("other"), T0, T0).Event!);
        var lostAgain = Lost(replaced);

        Assert.Equal((FenceKind.Proven, LossBlame.Unobserved), (replaced.Fences[^1].Kind, replaced.Fences[^1].Blame));
        Assert.Equal((FenceKind.Proven, LossBlame.Unobserved), (declared.Fences[^1].Kind, declared.Fences[^1].Blame));
        Assert.Equal(LossBlame.Worker, lostAgain.Fences[^1].Blame);
    }

    [Fact]
    public void Should_drain_by_its_own_status_and_stop_when_the_status_changes()
    {
        var state = Registered("i1");
        state = state.Apply(WorkerMembership.ReportStatus(state, WorkerStatus.Maintenance, T0)!);
        Assert.True(state.IsDraining);
        Assert.Null(WorkerMembership.ReportStatus(state, WorkerStatus.Maintenance, T0));

        state = state.Apply(WorkerMembership.ReportStatus(state, WorkerStatus.Busy, T0)!);
        Assert.False(state.IsDraining);
    }

    [Fact]
    public void Should_give_leases_back_without_a_loss_when_the_worker_says_that_it_is_offline()
    {
        var state = Registered("i1");

        state = state.Apply(WorkerMembership.ReportStatus(state, WorkerStatus.Offline, T0)!);

        Assert.Equal(Liveness.Offline, state.Liveness);
        Assert.Equal((FenceKind.Returned, null), (state.Fences[0].Kind, state.Fences[0].LossId));
        Assert.Equal(Liveness.Alive, state.Apply(WorkerMembership.ReportStatus(state, WorkerStatus.Online, T0)!).Liveness);
    }

    [Fact]
    public void Should_refuse_yet_another_instance_when_too_many_fences_are_owed()
    {
        var state = Registered("i0");
        for (var i = 1; i <= WorkerMembership.MaxOwedFences; i++)
        {
            state = state.Apply(Register(state, Registration($"i{i}")).Event!);
        }

        var refused = Assert.IsType<Refused>(Register(state, Registration("one-more")).Reply);
        Assert.Equal(RefusalReason.Unavailable, refused.Reason);
    }

    [Fact]
    public void Should_count_as_gone_since_its_last_report_when_a_worker_is_known_only_by_reports()
    {
        var report = new RecordSuccesses
        {
            WorkerId = Worker,
            Successes = [new ReportedSuccess { TaskId = new("t"), DurationSeconds = 1 }],
        };
        var state = Registered("i1");
        state = state.Apply(WorkerMembership.Unregister(state, new() { WorkerId = Worker }, T0).Event!);
        Assert.Equal(T0, state.GoneSince);

        state = state.Apply(FailureAccounting.RecordSuccesses(state, report, T0.AddDays(6)).Event!);

        Assert.Equal(T0.AddDays(6), state.GoneSince);
    }

    [Fact]
    public void Should_remember_the_score_when_a_worker_unregisters()
    {
        var state = Registered("i1");
        state = state.Apply(FailureAccounting.RecordSuccesses(state, new RecordSuccesses
        {
            WorkerId = Worker,
            Successes = [new ReportedSuccess { TaskId = new("t"), DurationSeconds = 1 }],
        }, T0).Event!);

        state = state.Apply(WorkerMembership.Unregister(state, new() { WorkerId = Worker }, T0).Event!);

        Assert.True(state.Standing().Unregistered);
        Assert.Equal(1, state.ShownScore().TotalTasks);
        Assert.Equal(FenceKind.Returned, state.Fences[^1].Kind);
    }

    [Theory]
    [InlineData("i1", false)]
    [InlineData("i2", true)]
    [InlineData(null, true)]
    public void Should_unregister_a_worker_for_its_instance_or_an_operator_and_not_for_an_instance_that_was_replaced(
        string? leaving, bool leaves)
    {
        var state = Registered("i2");

        var decided = WorkerMembership.Unregister(
            state, new() { WorkerId = Worker, InstanceId = leaving is null ? null : new(leaving) }, T0);

        Assert.Equal(leaves, decided.Event is WorkerUnregistered);
        Assert.Equal(leaves ? null : RefusalReason.Conflict, (decided.Reply as Refused)?.Reason);
    }

    private static WorkerState Registered(string? instance) =>
        WorkerState.Unknown(Worker).Apply(Register(WorkerState.Unknown(Worker), Registration(instance)).Event!);

    private static WorkerState Lost(WorkerState state, LossBlame blame = LossBlame.Worker) => state.Apply(
        WorkerMembership.ApplyVerdict(
            state, new LivenessVerdict(Liveness.Offline, "silent", T0, blame), holding: true, new("loss"), T0, T0)!);

    private static Decision<IWireMessage> Register(WorkerState state, WorkerRegistration registration) =>
        WorkerMembership.Register(state, registration, holding: true, new("new-loss"), T0, Queues, T0);

    private static ImmutableSortedDictionary<string, string> Tags(string key, string value) =>
        ImmutableSortedDictionary<string, string>.Empty.Add(key, value);

    private static WorkerRegistration Registration(string? instance = null) => new()
    {
        WorkerId = Worker,
        Capability = WorkerCapability.Gpu,
        InstanceId = instance is null ? null : new InstanceId(instance),
    };
}
