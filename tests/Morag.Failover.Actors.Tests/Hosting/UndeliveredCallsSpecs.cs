using Akka.Event;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Tests.Hosting;

/// <summary>Calls that did not reach a moving owner are sent again; everything else is left alone.</summary>
public sealed class UndeliveredCallsSpecs : TestKit, IFailoverRegions
{
    private static readonly GetTask Call = new() { TaskId = new("t-1") };

    private readonly TestProbe queues;
    private readonly TestProbe coordinators;
    private readonly TestProbe workers;
    private readonly TestProbe directory;
    private readonly TestProbe alerts;
    private readonly TestProbe caller;

    public UndeliveredCallsSpecs()
        : base(
            "akka { test.timefactor = 4, loglevel = OFF, stdout-loglevel = OFF, "
            + """scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" }""")
    {
        (queues, coordinators, workers) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        (directory, alerts, caller) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        var regions = (IFailoverRegions)this;
        _ = ActorOfAsTestActorRef<UndeliveredCalls>(Props.Create(() => new UndeliveredCalls(regions)));
    }

    public IActorRef Queues => queues;

    public IActorRef Coordinators => coordinators;

    public IActorRef Workers => workers;

    public IActorRef Directory => directory;

    public IActorRef Alerts => alerts;

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task Should_send_a_call_again_for_its_caller_when_a_region_dropped_it()
    {
        Sys.DeadLetters.Tell(new Dropped(Call, "hand-off", caller, ActorRefs.NoSender));

        Assert.Same(Call, await queues.ExpectMsgAsync<GetTask>());
        Assert.Equal(caller, queues.Sender);
    }

    [Fact]
    public async Task Should_send_each_kind_of_call_to_its_region_when_its_owner_has_stopped()
    {
        foreach (var (call, region) in new (IWireMessage, TestProbe)[]
        {
            (new GetTaskDecisions { TaskId = new("t-1") }, coordinators),
            (new GetFailureStatistics { Partition = 0 }, coordinators),
            (new GetQueueStats { Partition = 0 }, queues),
            (new RequestLeases { WorkerId = new("w-1"), MaxTasks = 1 }, workers),
            (new GetWorkerStats { Bucket = 0 }, directory),
        })
        {
            Sys.DeadLetters.Tell(call, caller);

            Assert.Same(call, await region.ExpectMsgAsync<object>());
        }
    }

    [Fact]
    public async Task Should_pause_before_further_attempts_and_give_up_in_the_end()
    {
        for (var attempt = 1; attempt <= UndeliveredCalls.MaxAttempts; attempt++)
        {
            Sys.DeadLetters.Tell(Call, caller);
            if (attempt > 1)
            {
                await queues.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(20));
                Clock.Advance(UndeliveredCalls.Pause);
            }

            Assert.Same(Call, await queues.ExpectMsgAsync<GetTask>());
        }

        Sys.DeadLetters.Tell(Call, caller);
        Clock.Advance(UndeliveredCalls.Pause);
        Sys.DeadLetters.Tell(new GetQueueStats { Partition = 0 }, caller);
        _ = await queues.ExpectMsgAsync<GetQueueStats>();
    }

    [Fact]
    public async Task Should_leave_alone_what_owners_repeat_themselves_and_what_nobody_waits_for()
    {
        Sys.DeadLetters.Tell(new GetOwnerStanding { Number = 0 }, caller);
        Sys.DeadLetters.Tell(new GetHeldLeases { Partition = 0, WorkerId = new("w-1") }, caller);
        Sys.DeadLetters.Tell(Call, ActorRefs.NoSender);
        Sys.DeadLetters.Tell("not a call", caller);

        Sys.DeadLetters.Tell(new GetQueueStats { Partition = 0 }, caller);
        _ = await queues.ExpectMsgAsync<GetQueueStats>();
    }

    /// <summary>A new message in the contracts must be put into a region deliberately.</summary>
    [Fact]
    public void Should_route_every_message_of_the_contracts_by_the_folder_that_it_is_in()
    {
        foreach (var type in typeof(IWireMessage).Assembly.GetTypes().Where(type => type is { IsAbstract: false, IsInterface: false }
            && (typeof(ITaskMessage).IsAssignableFrom(type) || typeof(IPartitionMessage).IsAssignableFrom(type)
                || typeof(IAlertMessage).IsAssignableFrom(type))))
        {
            var message = System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(type);
            var isOfCoordinators = type.Namespace!.EndsWith(".Failover", StringComparison.Ordinal)
                || type.Namespace.EndsWith(".Audit", StringComparison.Ordinal);
            var isOfAlerts = type.Namespace.EndsWith(".Alerts", StringComparison.Ordinal);
            var expected = isOfAlerts ? alerts : isOfCoordinators ? coordinators : queues;
            Assert.True(expected.Ref.Equals(UndeliveredCalls.RegionOf(message, this)), $"{type} goes to another region");
        }
    }
}
