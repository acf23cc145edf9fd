using Morag.Failover.Actors.Fleet;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Actors.Tests.Storage;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Fleet;

/// <summary>A bucket of the directory alone: it keeps the newest entry of each worker, and wakes those that nothing is seen of.</summary>
public sealed class WorkerDirectorySpecs(ITestOutputHelper output) : OwnerSpec(output)
{
    private static readonly FailoverSettings Settings = FailoverSettings.Default with { Partitions = new() { DirectoryBuckets = 1 } };
    private static readonly WorkerId Worker = new("cpu-1");

    private Props Entity => WorkerDirectory.Props(0, Settings, Regions);

    [Fact]
    public async Task Should_take_the_newest_entry_once_and_answer_each_time_when_entries_come_late_and_again()
    {
        var bucket = Start(Entity);
        bucket.Tell(Entry(2, draining: true));
        bucket.Tell(Entry(2, draining: true));
        bucket.Tell(Entry(1, draining: false));
        bucket = await KillAndRecoverAsync(bucket, Entity);
        bucket.Tell(Entry(1, draining: false));

        Assert.Equal([2, 2, 1, 1], (await GotAsync<WorkerEntryAcknowledged>(Regions.WorkersProbe)).Select(taken => taken.Revision));
        Assert.Single(Store.EventsOf("directory-0", Sys));
        Assert.True((await ListedAsync(bucket)).Draining);
    }

    [Fact]
    public async Task Should_tell_nobody_what_is_not_stored_when_storage_fails()
    {
        var bucket = Start(Entity);
        bucket.Tell(Entry(1, draining: false));
        await SettleAsync();
        _ = await GotAsync<WorkerEntryAcknowledged>(Regions.WorkersProbe);
        Store.Fate = _ => WriteFate.Failed;
        bucket.Tell(Entry(2, draining: true), ActorRefs.NoSender);

        await SettleAsync();
        Assert.Empty(await GotAsync<WorkerEntryAcknowledged>(Regions.WorkersProbe));
        Store.Fate = _ => WriteFate.Stored;
        Assert.False((await ListedAsync(Start(Entity))).Draining);
    }

    [Fact]
    public async Task Should_answer_who_polls_when_something_changes_or_the_wait_is_over()
    {
        var bucket = Start(Entity);
        bucket.Tell(new GetFleetSlice { Bucket = 0 }, TestActor);
        var empty = await ExpectMsgAsync<FleetSlice>();

        bucket.Tell(new GetFleetSlice { Bucket = 0, KnownVersion = empty.Version, Wait = TimeSpan.FromSeconds(20) }, TestActor);
        bucket.Tell(Entry(1, draining: false));
        await PassAsync(TimeSpan.FromSeconds(1));
        var changed = await ExpectMsgAsync<FleetSlice>();
        Assert.Equal((0, 1), (empty.Registered, changed.Registered));

        bucket.Tell(new GetFleetSlice { Bucket = 0, KnownVersion = changed.Version, Wait = TimeSpan.FromSeconds(20) }, TestActor);
        await PassAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(changed.Version, (await ExpectMsgAsync<FleetSlice>()).Version);
    }

    [Fact]
    public async Task Should_wake_those_live_workers_that_nothing_is_seen_of()
    {
        var bucket = Start(Entity);
        bucket.Tell(Entry(1, draining: false));
        bucket.Tell(Entry(1, draining: false, "cpu-2"));
        await PassAsync(TimeSpan.FromMinutes(5));
        _ = await GotAsync<WakeWorker>(Regions.WorkersProbe);

        bucket.Tell(new WorkerSeen { Bucket = 0, WorkerId = Worker, At = Clock.Now });
        await PassAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(["cpu-2"], (await GotAsync<WakeWorker>(Regions.WorkersProbe)).Select(woken => woken.WorkerId.Value).Distinct());
    }

    [Fact]
    public async Task Should_admit_as_many_workers_as_may_be_registered_and_another_when_one_leaves()
    {
        var limited = WorkerDirectory.Props(0, Settings with { Workers = Settings.Workers with { MaxRegistered = 2 } }, Regions);
        var bucket = Start(limited);
        bucket.Tell(Entry(1, draining: false));
        Assert.True(await IsAdmittedAsync("cpu-2"));

        var refused = await AnswerAsync<Refused>(new AdmitWorker { Bucket = 0, WorkerId = new("cpu-3") });
        Assert.Equal(RefusalReason.LimitReached, refused.Reason);
        Assert.Contains("morag.failover.workers.max-registered", refused.Message, StringComparison.Ordinal);
        Assert.True(await IsAdmittedAsync("cpu-1"));
        Assert.True(await IsAdmittedAsync("cpu-2"));
        await AnswerAsync<WorkerSeen>(new FindWorker { Bucket = 0, WorkerId = new("cpu-2") });

        // The one that was admitted does not come.
        await PassAsync(TimeSpan.FromSeconds(30));
        await AnswerAsync<Refused>(new FindWorker { Bucket = 0, WorkerId = new("cpu-2") });
        Assert.True(await IsAdmittedAsync("cpu-3"));
        bucket.Tell(Entry(1, draining: false, "cpu-3"));
        Assert.False(await IsAdmittedAsync("cpu-2"));

        var left = Entry(2, draining: false, "cpu-3");
        bucket.Tell(left with { Entry = left.Entry with { Unregistered = true } });
        Assert.True(await IsAdmittedAsync("cpu-2"));

        async Task<bool> IsAdmittedAsync(string worker) =>
            await AnswerAsync<IWireMessage>(new AdmitWorker { Bucket = 0, WorkerId = new(worker) }) is Done;

        async Task<T> AnswerAsync<T>(IWireMessage question)
        {
            bucket.Tell(question, TestActor);
            return await ExpectMsgAsync<T>();
        }
    }

    [Fact]
    public async Task Should_say_how_many_places_the_bucket_of_the_worker_has_when_it_is_full_before_the_limit_is_reached()
    {
        var settings = Settings with { Workers = Settings.Workers with { MaxRegistered = 6 }, Partitions = new() { DirectoryBuckets = 4 } };
        var bucket = Start(WorkerDirectory.Props(0, settings, Regions));
        bucket.Tell(Entry(1, draining: false));
        bucket.Tell(Entry(1, draining: false, "cpu-2"));

        bucket.Tell(new AdmitWorker { Bucket = 0, WorkerId = new("cpu-3") }, TestActor);

        Assert.Equal(
            "the worker 'cpu-3' cannot register: its directory bucket has 2 of the 6 places, and none is free; "
            + "offline workers keep theirs. Unregister workers that do not come back, or raise morag.failover.workers.max-registered.",
            (await ExpectMsgAsync<Refused>()).Message);
    }

    [Fact]
    public async Task Should_say_when_a_worker_was_last_heard_of_also_when_its_entity_has_started_since()
    {
        var bucket = Start(Entity);
        bucket.Tell(Entry(1, draining: false));
        var heard = Clock.Now;
        bucket.Tell(new WorkerSeen { Bucket = 0, WorkerId = Worker, At = heard });
        bucket.Tell(new WorkerSeen { Bucket = 0, WorkerId = Worker });

        bucket.Tell(new FindWorker { Bucket = 0, WorkerId = Worker }, TestActor);

        Assert.Equal(heard, (await ExpectMsgAsync<WorkerSeen>()).At);
    }

    private static UpdateWorkerEntry Entry(long revision, bool draining, string worker = "cpu-1") => new()
    {
        Bucket = 0,
        Entry = new WorkerEntry
        {
            Revision = revision,
            WorkerId = new(worker),
            Registration = new WorkerRegistration { WorkerId = new(worker), Capability = WorkerCapability.Cpu },
            Draining = draining,
        },
    };

    private async Task<WorkerInfo> ListedAsync(IActorRef bucket)
    {
        bucket.Tell(new ListWorkers { Bucket = 0, Limit = 10 }, TestActor);
        return Assert.Single((await ExpectMsgAsync<WorkerPage>()).Workers);
    }
}
