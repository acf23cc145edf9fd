using Akka.Cluster.Sharding;
using Akka.TestKit;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Actors.Tests.Storage;
using Morag.Failover.Actors.Workers;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Workers;

/// <summary>A worker's entity alone: what it owes queues and directory it says until they answer, and nothing counts twice.</summary>
public sealed class WorkerReliabilityActorSpecs(ITestOutputHelper output) : OwnerSpec(output)
{
    private static readonly FailoverSettings Settings = FailoverSettings.Default with { Partitions = new() { Queues = 2 } };
    private static readonly TimeSpan Resend = Settings.Queues.ResendAfter * 2;
    private static readonly WorkerId Worker = new("cpu-1");

    private static readonly RequestLeases Request = new()
    {
        WorkerId = Worker,
        InstanceId = new("first-start"),
        RequestId = new("call-1"),
        MaxTasks = 1,
        Wait = TimeSpan.FromSeconds(30),
    };

    private Props Entity => WorkerReliabilityActor.Props(Worker, Settings, Regions, Outages, new OwnerHealth(), new SpecEraser(Sys));

    [Fact]
    public async Task Should_tell_its_directory_again_until_it_has_taken_the_entry()
    {
        var worker = await RegisterAsync();
        var entry = Assert.Single(await EntriesAsync());

        await PassAsync(Resend);
        Assert.All(await EntriesAsync(), again => Assert.Equal(entry.Revision, again.Revision));
        worker = await KillAndRecoverAsync(worker, Entity);
        Assert.Equal(entry.Revision, (await EntriesAsync())[0].Revision);

        worker.Tell(new WorkerEntryAcknowledged { WorkerId = Worker, Revision = entry.Revision });
        await SettleAsync();
        _ = await EntriesAsync();
        await PassAsync(Resend);
        Assert.Empty(await EntriesAsync());
    }

    [Fact]
    public async Task Should_tell_how_it_would_stand_after_an_imagined_failure_and_record_nothing()
    {
        var worker = await RegisterAsync();
        var stored = Store.EventsOf("worker-cpu-1", Sys).Count;
        worker.Tell(new RecordFailure
        {
            WorkerId = Worker,
            FailureId = new("imagined-1"),
            FailureType = FailureType.ProcessingError,
            TaskId = new("page"),
            IsImagined = true,
        });
        await SettleAsync();

        var after = Assert.Single(await GotAsync<FailureRecorded>(Regions.CoordinatorsProbe)).Worker.Score;
        Assert.Equal((1, 1), (after.FailureCount, after.ConsecutiveFailures));
        worker.Tell(new GetWorkerReliability { WorkerId = Worker }, TestActor);
        Assert.Equal(0, (await ExpectMsgAsync<WorkerReliabilityScore>()).FailureCount);
        Assert.Equal(stored, Store.EventsOf("worker-cpu-1", Sys).Count);
    }

    [Fact]
    public async Task Should_send_a_fence_to_each_partition_again_until_all_have_taken_it()
    {
        var worker = await RegisterAsync();
        await RegisterAgainAsync(worker, "second-start");
        Assert.Equal([0, 1], await FencedPartitionsAsync());

        worker.Tell(new FenceAcknowledged { WorkerId = Worker, Partition = 0, Number = 1 });
        await PassAsync(Resend);
        Assert.Equal([1], await FencedPartitionsAsync());

        // Which partitions have taken it is not stored: all get it again, and take it again without effect.
        worker = await KillAndRecoverAsync(worker, Entity);
        Assert.Equal([0, 1], await FencedPartitionsAsync());
        worker.Tell(new FenceAcknowledged { WorkerId = Worker, Partition = 0, Number = 1 });
        worker.Tell(new FenceAcknowledged { WorkerId = Worker, Partition = 1, Number = 1 });
        await SettleAsync();
        _ = await FencedPartitionsAsync();
        worker = await KillAndRecoverAsync(worker, Entity);
        await PassAsync(Resend);
        Assert.Empty(await FencedPartitionsAsync());
    }

    [Fact]
    public async Task Should_resend_entry_and_fences_when_many_returned_leases_stay_unacknowledged()
    {
        var worker = await RegisterAsync();
        await RegisterAgainAsync(worker, "second-start");
        worker.Tell(new LeasesGranted { Partition = 0, Leases = [.. Enumerable.Range(0, 1_200).Select(Lease)] });
        Assert.Equal(1_200, (await GotAsync<ReleaseLeases>(Regions.QueuesProbe)).Sum(release => release.Leases.Length));
        _ = await EntriesAsync();

        for (var round = 0; round < 3; round++)
        {
            await PassAsync(Resend);

            var resent = await GotAsync<IPartitionMessage>(Regions.QueuesProbe);
            Assert.Equal([0, 1], resent.OfType<FenceInstance>().Select(fence => fence.Partition).Distinct().Order());
            Assert.Equal(1_200, resent.OfType<ReleaseLeases>().SelectMany(release => release.Leases).Distinct().Count());
            Assert.NotEmpty(await EntriesAsync());
        }

        static LeasedTask Lease(int number) => new()
        {
            TaskId = new($"task-{number}"),
            Epoch = new(number + 1),
            Queue = new("cpu_standard"),
        };
    }

    [Fact]
    public async Task Should_count_a_failure_and_a_batch_of_outcomes_once_and_answer_each_time_when_they_come_again()
    {
        var worker = await RegisterAsync();
        var failure = new RecordFailure
        {
            WorkerId = Worker,
            FailureId = new("f-1"),
            TaskId = new("bad"),
            FailureType = FailureType.ProcessingError,
        };
        var outcomes = new LeaseOutcomes
        {
            WorkerId = Worker,
            Partition = 1,
            Number = 1,
            Outcomes = [new() { TaskId = new("good"), Epoch = new(3), Kind = LeaseOutcomeKind.Succeeded, Ran = TimeSpan.FromSeconds(2) }],
        };

        worker.Tell(outcomes);
        worker.Tell(outcomes);
        worker.Tell(failure);
        worker.Tell(failure);
        worker = await KillAndRecoverAsync(worker, Entity);
        worker.Tell(outcomes);
        worker.Tell(failure);

        Assert.Equal([1, 1, 1], (await GotAsync<OutcomesReceived>(Regions.QueuesProbe)).Select(taken => taken.Number));
        var answers = await GotAsync<FailureRecorded>(Regions.CoordinatorsProbe);
        Assert.Equal([1, 1, 1], answers.Select(taken => (int)taken.Worker.Score.ConsecutiveFailures));
        worker.Tell(new GetWorkerReliability { WorkerId = Worker }, TestActor);
        var score = await ExpectMsgAsync<WorkerReliabilityScore>();
        Assert.Equal((2, 1, 0.5), (score.TotalTasks, score.FailureCount, score.SuccessRate));
    }

    [Theory]
    [InlineData(WriteFate.Failed)]
    [InlineData(WriteFate.KilledBefore)]
    public async Task Should_say_that_the_outcome_is_unknown_and_tell_nobody_else_when_storage_fails(WriteFate fate)
    {
        var worker = await RegisterAsync();
        _ = await EntriesAsync();
        Store.Fate = _ => fate;

        worker.Tell(new DrainWorker { WorkerId = Worker, Reason = "a new disk" }, TestActor);

        Assert.Equal(RefusalReason.Unavailable, (await ExpectMsgAsync<Refused>()).Reason);
        Assert.Empty(await EntriesAsync());
    }

    [Theory]
    [InlineData(WriteFate.Failed, 0)]
    [InlineData(WriteFate.Stored, 1)]
    public async Task Should_ask_for_leases_only_if_the_closed_breaker_is_stored(WriteFate fate, int asked)
    {
        var worker = await RegisterAsync();
        worker.Tell(new SetBreaker { WorkerId = Worker, Action = BreakerAction.Open, Reason = "by hand" });
        worker.Tell(new RequestLeases
        {
            WorkerId = Worker,
            InstanceId = new("first-start"),
            MaxTasks = 1,
            Wait = TimeSpan.FromSeconds(20),
        });
        Assert.Empty(await GotAsync<GrantLeases>(Regions.QueuesProbe));

        Store.Fate = _ => fate;
        worker.Tell(new SetBreaker { WorkerId = Worker, Action = BreakerAction.Reset, Reason = "by hand" });

        Assert.Equal(asked, (await GotAsync<GrantLeases>(Regions.QueuesProbe)).Count);
    }

    [Fact]
    public async Task Should_list_leases_until_it_is_stored_that_they_end()
    {
        var worker = await RegisterAsync();
        var lease = await LeaseAsync(worker);

        Store.Fate = _ => WriteFate.Failed;
        worker.Tell(
            new Heartbeat
            {
                WorkerId = Worker,
                InstanceId = new("first-start"),
                Status = WorkerStatus.Offline,
                ListsHeld = true,
                Held = [new() { TaskId = lease.TaskId, Epoch = lease.Epoch }],
            },
            TestActor);

        Assert.Equal(lease.Epoch, Assert.Single((await ExpectMsgAsync<HeartbeatReply>()).Leases).Epoch);
    }

    [Fact]
    public async Task Should_accept_a_repeated_call_and_no_other_when_as_many_calls_wait_as_may()
    {
        var worker = await RegisterAsync();
        var waiting = CreateTestProbe();
        for (var number = 0; number < Settings.Workers.MaxWaitingCalls; number++)
        {
            worker.Tell(Request with { RequestId = new($"call-{number}") }, waiting);
        }

        worker.Tell(Request with { RequestId = new("one-more") }, TestActor);
        Assert.Equal(RefusalReason.LimitReached, (await ExpectMsgAsync<Refused>()).Reason);

        worker.Tell(Request with { RequestId = new("call-7") }, TestActor);
        Assert.Empty((await waiting.ExpectMsgAsync<LeasesGranted>()).Leases);
        await SettleAsync();
        await ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task Should_not_deliver_a_lease_that_is_being_given_back_when_its_call_is_repeated()
    {
        var worker = await RegisterAsync();
        var lease = await LeaseAsync(worker);
        await BeatWithoutLeasesAsync(worker, after: TimeSpan.FromSeconds(11));
        await BeatWithoutLeasesAsync(worker, after: TimeSpan.FromSeconds(1));
        Assert.Equal(lease.Epoch, Assert.Single(Assert.Single(await GotAsync<ReleaseLeases>(Regions.QueuesProbe)).Leases).Epoch);

        worker.Tell(Request, TestActor);
        var partition = await AskedAsync(worker, lease.TaskId);
        worker.Tell(new LeasesGranted { Partition = partition, Leases = [lease] });

        var released = Assert.IsType<ReleaseLeases>((await GotAsync<IPartitionMessage>(Regions.QueuesProbe))[0]);
        Assert.Equal(lease.Epoch, Assert.Single(released.Leases).Epoch);
        await ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task Should_not_give_a_lease_back_while_the_answer_that_may_repeat_it_is_awaited()
    {
        var worker = await RegisterAsync();
        var lease = await LeaseAsync(worker);
        await BeatWithoutLeasesAsync(worker, after: TimeSpan.FromSeconds(11));
        worker.Tell(Request, TestActor);
        var partition = await AskedAsync(worker, lease.TaskId);

        await BeatWithoutLeasesAsync(worker, after: TimeSpan.FromSeconds(1));
        Assert.Empty(await GotAsync<ReleaseLeases>(Regions.QueuesProbe));

        worker.Tell(new LeasesGranted { Partition = partition, Leases = [lease] });
        Assert.Equal(lease, Assert.Single((await ExpectMsgAsync<LeasesGranted>()).Leases));
    }

    [Theory]
    [InlineData(true, true, true, 0)]
    [InlineData(true, true, null, 0)]
    [InlineData(true, true, false, 1)]
    [InlineData(true, false, true, 1)]
    [InlineData(false, true, true, 1)]
    public async Task Should_give_an_undelivered_lease_back_unless_the_worker_may_repeat_its_call_and_lists_its_leases(
        bool isRepeatable, bool beats, bool? lists, int returned)
    {
        var worker = await RegisterAsync(beats ? 2 : null);
        if (lists is { } listsHeld)
        {
            worker.Tell(new Heartbeat { WorkerId = Worker, InstanceId = new("first-start"), ListsHeld = listsHeld }, TestActor);
            _ = await ExpectMsgAsync<HeartbeatReply>();
        }

        var lease = await LeaseAsync(worker);

        worker.Tell(Undelivered(lease, isRepeatable));

        Assert.Equal(returned, (await GotAsync<ReleaseLeases>(Regions.QueuesProbe)).Sum(release => release.Leases.Length));
    }

    [Fact]
    public async Task Should_give_an_undelivered_lease_back_only_when_the_repeated_call_was_not_delivered_either()
    {
        var worker = await RegisterAsync();
        var lease = await LeaseAsync(worker);
        worker.Tell(Request, TestActor);
        worker.Tell(new LeasesGranted { Partition = await AskedAsync(worker, lease.TaskId), Leases = [lease] });
        Assert.Equal(lease, Assert.Single((await ExpectMsgAsync<LeasesGranted>()).Leases));

        worker.Tell(Undelivered(lease, isRepeatable: true));
        Assert.Empty(await GotAsync<ReleaseLeases>(Regions.QueuesProbe));

        worker.Tell(Undelivered(lease, isRepeatable: true));
        Assert.Single(await GotAsync<ReleaseLeases>(Regions.QueuesProbe));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_tell_its_session_the_new_deadline_when_a_lease_was_extended(bool isHinted)
    {
        var worker = await RegisterAsync();
        var lease = await LeaseAsync(worker);
        worker.Tell(new OpenSession { WorkerId = Worker, SessionId = "s", InstanceId = new("first-start") }, TestActor);
        _ = await ExpectMsgAsync<Done>();
        var later = lease.Deadline.AddMinutes(1);

        if (isHinted)
        {
            worker.Tell(new LeaseDeadlineMoved { WorkerId = Worker, TaskId = lease.TaskId, Epoch = lease.Epoch, Deadline = later });
        }
        else
        {
            var partition = Partition.Of(lease.TaskId, Settings.Partitions.Queues);
            var digest = LeaseDigest.Of([(lease.Epoch, later)]);
            worker.Tell(new WakeWorker { WorkerId = Worker, Partition = partition, LeaseDigest = digest });
            var asked = Assert.Single(await GotAsync<GetHeldLeases>(Regions.QueuesProbe));
            var listed = new HeldLease { TaskId = lease.TaskId, Epoch = lease.Epoch, Queue = lease.Queue, Deadline = later };
            worker.Tell(new HeldLeases { WorkerId = Worker, Partition = partition, Number = asked.Number, Leases = [listed] });
        }

        var signal = await ExpectMsgAsync<DeadlineSignal>();
        Assert.Equal((lease.TaskId, lease.Epoch, later), (signal.TaskId, signal.Epoch, signal.Deadline));
    }

    [Fact]
    public async Task Should_end_itself_when_nothing_is_known_of_the_worker_and_stay_while_it_is_registered()
    {
        var parent = CreateTestProbe();
        parent.IgnoreMessages(message => message is OwnerRecovered);
        var unknown = parent.ChildActorOf(Entity);
        unknown.Tell(new GetWorker { WorkerId = Worker }, TestActor);
        Assert.Equal(RefusalReason.Unknown, (await ExpectMsgAsync<Refused>()).Reason);

        await PassAsync(TimeSpan.FromSeconds(11));
        Assert.IsType<StopEntity>((await parent.ExpectMsgAsync<Passivate>()).StopMessage);
        await StopAsync(unknown);

        var registered = parent.ChildActorOf(Entity);
        await RegisterAgainAsync(registered, "first-start");
        await PassAsync(TimeSpan.FromMinutes(10));
        await parent.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task Should_keep_its_worker_and_its_waiting_call_when_an_instance_that_was_replaced_unregisters()
    {
        var worker = await RegisterAsync();
        worker.Tell(Request, TestActor);

        worker.Tell(new UnregisterWorker { WorkerId = Worker, InstanceId = new("zeroth-start") }, TestActor);
        Assert.Equal(RefusalReason.Conflict, (await ExpectMsgAsync<Refused>()).Reason);
        await SettleAsync();
        await ExpectNoMsgAsync(TimeSpan.Zero);

        worker.Tell(new UnregisterWorker { WorkerId = Worker, InstanceId = new("first-start") }, TestActor);
        _ = await ExpectMsgAsync<Done>();
        Assert.Equal(RefusalReason.Unknown, (await ExpectMsgAsync<Refused>()).Reason);
    }

    [Fact]
    public async Task Should_stay_what_it_is_when_its_worker_comes_back_while_it_is_being_forgotten()
    {
        var parent = CreateTestProbe();
        var worker = parent.ChildActorOf(Entity);
        await RegisterAgainAsync(worker, "first-start");
        worker.Tell(new UnregisterWorker { WorkerId = Worker }, ActorRefs.NoSender);
        await GiveBackFencesAsync(worker, 1);
        await PassAsync(TimeSpan.FromSeconds(1));
        Clock.Advance(Settings.Workers.ForgetAfter);
        worker.Tell(new ForgetWorker { WorkerId = Worker, Revision = (await EntriesAsync())[^1].Revision });
        Assert.Equal([0, 1], (await GotAsync<DropWorkerShare>(Regions.QueuesProbe)).Select(drop => drop.Partition));

        worker.Tell(new WorkerShareDropped { WorkerId = Worker, Partition = 0 });
        await RegisterAgainAsync(worker, "second-start");
        worker.Tell(new WorkerShareDropped { WorkerId = Worker, Partition = 1 });

        Assert.Empty(await GotAsync<WorkerForgotten>(Regions.DirectoryProbe));
        await StopAsync(worker);
        Assert.False(Store.IsBlank(PersistenceIds.Worker(Worker)));
    }

    [Fact]
    public async Task Should_show_the_rhythm_of_heartbeats_or_of_the_beats_in_a_session()
    {
        var worker = await RegisterAsync(interval: 2);
        for (var beat = 0; beat < 8; beat++)
        {
            await BeatWithoutLeasesAsync(worker, TimeSpan.FromSeconds(2));
        }

        Clock.Advance(TimeSpan.FromSeconds(1));
        var shown = await ShownAsync();
        Assert.Equal(Enumerable.Repeat(2.0, 7), shown.Intervals);
        Assert.Equal((2, 1, 7), (shown.MeanSeconds, shown.SilentSeconds, shown.OfflineAfterSeconds));
        Assert.Equal(SilenceLimit.MissedHeartbeats, shown.OfflineLimit);
        Assert.Equal((Settings.Workers.SuspectPhi, Settings.Workers.OfflinePhi), (shown.SuspectPhi, shown.OfflinePhi));
        Assert.InRange(shown.SuspectAfterSeconds, 5, 7);
        Assert.InRange(shown.Phi, 0, 0.1);

        worker.Tell(
            new OpenSession
            {
                WorkerId = Worker,
                SessionId = "s",
                InstanceId = new("first-start"),
                Watch = new() { Era = 1, Number = 0, Beats = 9, MeanSeconds = 2.5, DeviationSeconds = 0.1, Intervals = [2_400, 2_600] },
            },
            TestActor);
        _ = await ExpectMsgAsync<SessionWatched>();
        shown = await ShownAsync();
        Assert.Equal([2.4, 2.6], shown.Intervals.AsEnumerable());
        Assert.Equal((2.5, 0), (shown.MeanSeconds, shown.SilentSeconds));

        async Task<HeartbeatReport> ShownAsync()
        {
            worker.Tell(new GetWorker { WorkerId = Worker }, TestActor);
            return (await ExpectMsgAsync<WorkerInfo>()).Heartbeats!;
        }
    }

    [Fact]
    public async Task Should_show_no_rhythm_of_a_worker_that_declared_no_interval()
    {
        var worker = await RegisterAsync();
        worker.Tell(new GetWorker { WorkerId = Worker }, TestActor);

        Assert.Null((await ExpectMsgAsync<WorkerInfo>()).Heartbeats);
    }

    [Fact]
    public async Task Should_go_on_when_a_message_cannot_be_handled()
    {
        var worker = await RegisterAsync();

        worker.Tell(new RegisterWorker { Registration = null! }, TestActor);
        Assert.Equal(RefusalReason.Unavailable, (await ExpectMsgAsync<Refused>()).Reason);

        worker.Tell(new GetWorker { WorkerId = Worker }, TestActor);
        Assert.Equal(Worker, (await ExpectMsgAsync<WorkerInfo>()).Registration.WorkerId);
    }

    private static LeasesUndelivered Undelivered(LeasedTask lease, bool isRepeatable) => new()
    {
        WorkerId = Worker,
        IsRepeatable = isRepeatable,
        Leases = [new() { TaskId = lease.TaskId, Epoch = lease.Epoch }],
    };

    private async Task<IActorRef> RegisterAsync(double? interval = null)
    {
        var worker = Start(Entity);
        await RegisterAgainAsync(worker, "first-start", interval);
        Assert.Single(Store.EventsOf(PersistenceIds.Worker(Worker), Sys));
        return worker;
    }

    private async Task RegisterAgainAsync(IActorRef worker, string instance, double? interval = null)
    {
        var registration = new WorkerRegistration
        {
            WorkerId = Worker,
            Capability = WorkerCapability.Cpu,
            InstanceId = new(instance),
            HeartbeatIntervalSeconds = interval,
        };
        worker.Tell(new RegisterWorker { Registration = registration }, TestActor);
        await ExpectMsgAsync<WorkerRegisteredReply>();
    }

    private async Task<LeasedTask> LeaseAsync(IActorRef worker)
    {
        var task = new TaskId("task-1");
        worker.Tell(Request, TestActor);
        var partition = await AskedAsync(worker, task);
        var granted = new LeasedTask { TaskId = task, Epoch = new(1), Queue = new("cpu_standard"), Deadline = Clock.Now.AddMinutes(1) };
        worker.Tell(new LeasesGranted { Partition = partition, Leases = [granted] });
        return Assert.Single((await ExpectMsgAsync<LeasesGranted>()).Leases);
    }

    /// <summary>Waits until the entity has asked the partition of a task; the others have nothing.</summary>
    private async Task<int> AskedAsync(IActorRef worker, TaskId task)
    {
        var partition = Partition.Of(task, Settings.Partitions.Queues);
        while (Assert.Single(await GotAsync<GrantLeases>(Regions.QueuesProbe)).Partition is var asked && asked != partition)
        {
            worker.Tell(new LeasesGranted { Partition = asked });
        }

        return partition;
    }

    private async Task BeatWithoutLeasesAsync(IActorRef worker, TimeSpan after)
    {
        Clock.Advance(after);
        worker.Tell(new Heartbeat { WorkerId = Worker, InstanceId = new("first-start"), ListsHeld = true }, TestActor);
        _ = await ExpectMsgAsync<HeartbeatReply>();
    }

    private async Task GiveBackFencesAsync(IActorRef worker, long number)
    {
        worker.Tell(new FenceAcknowledged { WorkerId = Worker, Partition = 0, Number = number });
        worker.Tell(new FenceAcknowledged { WorkerId = Worker, Partition = 1, Number = number });
        await SettleAsync();
        _ = await FencedPartitionsAsync();
    }

    private async Task<IReadOnlyList<WorkerEntry>> EntriesAsync() =>
        [.. (await GotAsync<UpdateWorkerEntry>(Regions.DirectoryProbe)).Select(update => update.Entry)];

    private async Task<IEnumerable<int>> FencedPartitionsAsync() =>
        (await GotAsync<FenceInstance>(Regions.QueuesProbe)).Select(fence => fence.Partition).Distinct();
}
