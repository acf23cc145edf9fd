using Akka.TestKit;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Actors.Tests.Storage;
using Morag.Failover.Actors.Workers;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Workers;

/// <summary>What a worker's entity publishes to those who watch, and what it tells the worker's open session.</summary>
public sealed class WorkerAnnouncementSpecs : OwnerSpec
{
    private static readonly WorkerId Worker = new("cpu-1");

    private readonly TestProbe watcher;
    private readonly TestProbe gateway;
    private readonly IActorRef worker;

    public WorkerAnnouncementSpecs(ITestOutputHelper output)
        : base(output)
    {
        watcher = CreateTestProbe();
        gateway = CreateTestProbe();
        Sys.EventStream.Subscribe(watcher.Ref, typeof(ILiveEvent));
        worker = Start(
            WorkerReliabilityActor.Props(Worker, FailoverSettings.Default, Regions, Outages, new OwnerHealth(), new SpecEraser(Sys)));
    }

    [Fact]
    public async Task Should_publish_each_change_of_the_worker_once_it_is_stored()
    {
        Register("first-start");
        worker.Tell(new Heartbeat { WorkerId = Worker, Status = WorkerStatus.Error });
        worker.Tell(new DrainWorker { WorkerId = Worker, Reason = "a new disk" });
        worker.Tell(new ResumeWorker { WorkerId = Worker });
        Register("second-start");
        worker.Tell(new TakeWorkerOffline { WorkerId = Worker, Reason = "it smokes" });
        worker.Tell(new UnregisterWorker { WorkerId = Worker });

        Assert.Equal(
            [
                ("registered", null),
                ("status", "error"),
                ("draining", "a new disk"),
                ("resumed", null),
                ("renewed", "the worker restarted: the instance 'second-start' registered"),
                ("offline", "an operator declared the worker offline (it smokes)"),
                ("unregistered", null),
            ],
            (await GotAsync<WorkerChanged>(watcher)).Select(changed => (changed.What, changed.Detail)));
    }

    [Fact]
    public async Task Should_publish_that_a_worker_is_suspect_lost_and_back()
    {
        Register("first-start");
        OpenSession("first-start");
        worker.Tell(new SessionBroken { WorkerId = Worker, SessionId = "s" });
        await PassAsync(FailoverSettings.Default.Workers.Timeout + TimeSpan.FromSeconds(1));
        worker.Tell(new Heartbeat { WorkerId = Worker });

        Assert.Equal(["registered", "suspect", "lost", "back"], (await GotAsync<WorkerChanged>(watcher)).Select(changed => changed.What));
    }

    [Fact]
    public async Task Should_publish_and_signal_what_becomes_of_the_breaker()
    {
        Register("first-start");
        OpenSession("first-start");
        worker.Tell(new SetBreaker { WorkerId = Worker, Action = BreakerAction.Open, Reason = "look at it first" });
        worker.Tell(new SetBreaker { WorkerId = Worker, Action = BreakerAction.Reset, Reason = "it is well" });

        Assert.Equal(
            [(BreakerState.Open, "look at it first"), (BreakerState.Closed, "")],
            (await GotAsync<BreakerChanged>(watcher)).Select(changed => (changed.State, changed.Reason)));
        Assert.Equal([BreakerState.Open, BreakerState.Closed], (await GotAsync<BreakerSignal>(gateway)).Select(signal => signal.State));
    }

    [Fact]
    public async Task Should_tell_the_open_session_of_a_drain_of_leases_that_were_taken_away_and_of_its_successor()
    {
        Register("first-start");
        OpenSession("first-start");
        worker.Tell(new DrainWorker { WorkerId = Worker, Reason = "a new disk" });
        worker.Tell(new ResumeWorker { WorkerId = Worker });
        await SettleAsync();
        worker.Tell(new LeaseOutcomes
        {
            WorkerId = Worker,
            Partition = 0,
            Number = 1,
            Outcomes =
            [
                new() { TaskId = new("late"), Epoch = new(3), Kind = LeaseOutcomeKind.Returned, Reason = "it ran over its time" },
                new() { TaskId = new("done"), Epoch = new(4), Kind = LeaseOutcomeKind.Succeeded },
            ],
        });
        Register("second-start");

        var signals = await GotAsync<ISessionSignal>(gateway);
        Assert.Equal(
            [typeof(DrainSignal), typeof(ResumeSignal), typeof(LeaseRevoked), typeof(SupersededSignal)],
            signals.Select(signal => signal.GetType()));
        Assert.Equal("a new disk", ((DrainSignal)signals[0]).Reason);
        Assert.Equal(("late", "it ran over its time"), (((LeaseRevoked)signals[2]).TaskId.Value, ((LeaseRevoked)signals[2]).Reason));
    }

    [Fact]
    public async Task Should_publish_and_signal_nothing_when_the_change_is_not_stored()
    {
        Register("first-start");
        OpenSession("first-start");
        await SettleAsync();
        _ = await GotAsync<ILiveEvent>(watcher);
        Store.Fate = _ => WriteFate.Failed;

        worker.Tell(new DrainWorker { WorkerId = Worker, Reason = "a new disk" }, CreateTestProbe().Ref);

        Assert.Empty(await GotAsync<ILiveEvent>(watcher));
        Assert.Empty(await GotAsync<ISessionSignal>(gateway));
    }

    private void Register(string instance) => worker.Tell(new RegisterWorker
    {
        Registration = new WorkerRegistration { WorkerId = Worker, Capability = WorkerCapability.Cpu, InstanceId = new(instance) },
    });

    private void OpenSession(string instance) =>
        worker.Tell(new OpenSession { WorkerId = Worker, SessionId = "s", InstanceId = new(instance) }, gateway.Ref);
}
