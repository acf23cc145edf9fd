using Morag.Failover.Actors.Persistence;
using Morag.Failover.Actors.Tests.Storage;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>Workers that have been gone for long leave nothing behind, and begin afresh if they come back.</summary>
public sealed class ForgettingSpecs : ScenarioSpec
{
    private readonly HashSet<(string Owner, Type Event)> struck = [];

    public ForgettingSpecs(ITestOutputHelper output)
        : base(output)
    {
        Owners.Patience = 40;
    }

    public static TheoryData<string, WriteFate> Ends
    {
        get
        {
            var ends = new TheoryData<string, WriteFate>();
            foreach (var owner in (string[])["queue-", "worker-", "directory-", ""])
            {
                foreach (var fate in (WriteFate[])[WriteFate.KilledBefore, WriteFate.KilledAfter, WriteFate.Failed])
                {
                    ends.Add(owner, fate);
                }
            }

            return ends;
        }
    }

    [Fact]
    public async Task Should_store_nothing_of_a_worker_that_has_been_gone_for_long_and_begin_afresh_when_it_comes_back()
    {
        var worker = await RegisterAsync("cpu-1");
        var before = await WorksAsync(worker, "before");
        await IsGoneAsync(worker);
        Assert.Equal(1, await RegisteredAsync());

        await LongAfterAsync();

        Assert.True(Store.IsBlank(PersistenceIds.Worker(worker.Id)));
        Assert.Single(Store.EventsOf("queue-0", Sys).OfType<WorkerShareForgotten>());
        Assert.Equal(0, await RegisteredAsync());
        Assert.Equal(
            RefusalReason.Unknown,
            (await Owners.AskAsync<Refused>(Owners.Workers, new GetWorker { WorkerId = worker.Id })).Reason);

        await worker.StartAsync();
        var after = await WorksAsync(worker, "after");
        await PassAsync(TimeSpan.FromSeconds(5));
        Assert.True(after.Epoch > before.Epoch);
        Assert.Equal(1, (await worker.ScoreAsync()).TotalTasks);
        Assert.Equal(1, await RegisteredAsync());
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Should_come_to_the_same_end_when_owners_end_at_each_write_of_it(string owner, WriteFate fate)
    {
        var worker = await RegisterAsync("cpu-1");
        var before = await WorksAsync(worker, "before");
        await IsGoneAsync(worker);
        Store.Fate = write =>
            write.PersistenceId.StartsWith(owner, StringComparison.Ordinal) && struck.Add((write.PersistenceId, write.Payload.GetType()))
            ? fate
            : WriteFate.Stored;

        await LongAfterAsync();

        Assert.True(Store.IsBlank(PersistenceIds.Worker(worker.Id)));
        Assert.Equal(0, await RegisteredAsync());
        Store.Fate = _ => WriteFate.Stored;
        await worker.StartAsync();
        Assert.True((await WorksAsync(worker, "after")).Epoch > before.Epoch);
        await PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(1, (await worker.ScoreAsync()).TotalTasks);
    }

    [Fact]
    public async Task Should_try_again_when_what_is_stored_could_not_be_removed()
    {
        var worker = await RegisterAsync("cpu-1");
        await IsGoneAsync(worker);
        Store.FailsToErase = true;

        await LongAfterAsync();
        Assert.False(Store.IsBlank(PersistenceIds.Worker(worker.Id)));
        Assert.Equal(1, await RegisteredAsync());

        Store.FailsToErase = false;
        await LongAfterAsync();
        Assert.True(Store.IsBlank(PersistenceIds.Worker(worker.Id)));
        Assert.Equal(0, await RegisteredAsync());
    }

    [Fact]
    public async Task Should_count_what_a_worker_does_after_one_queue_dropped_its_share_and_it_came_back()
    {
        var worker = await RegisterAsync("cpu-1");
        await WorksAsync(worker, "before");
        await IsGoneAsync(worker);
        Store.FailsToErase = true;
        await LongAfterAsync();
        Assert.Single(Store.EventsOf("queue-0", Sys).OfType<WorkerShareForgotten>());

        await worker.StartAsync();
        await WorksAsync(worker, "after");
        await PassAsync(TimeSpan.FromSeconds(5));

        Assert.Equal(2, (await worker.ScoreAsync()).TotalTasks);
    }

    [Fact]
    public async Task Should_keep_a_worker_for_as_long_as_a_task_remembers_it()
    {
        var worker = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("page", "cpu_standard");
        await worker.FailAsync(await worker.LeaseOneAsync(), FailureType.ProcessingError);
        await IsGoneAsync(worker);

        await LongAfterAsync();
        Assert.False(Store.IsBlank(PersistenceIds.Worker(worker.Id)));
        Assert.Equal(1, await RegisteredAsync());

        await Owners.AskAsync<Done>(Owners.Queues, new CancelTask { TaskId = task, Reason = "nobody else can" });
        await LongAfterAsync();
        Assert.True(Store.IsBlank(PersistenceIds.Worker(worker.Id)));
        Assert.Equal(0, await RegisteredAsync());
    }

    [Fact]
    public async Task Should_store_nothing_of_a_worker_that_is_only_reported_of_and_more_than_are_kept()
    {
        var worker = new WorkerId("elsewhere");
        await ReportAsync<FailoverDecision>(new ReportFailure
        {
            TaskId = new("elsewhere-1"),
            WorkerId = worker,
            EventId = new("e1"),
            FailureType = FailureType.NetworkFailure,
        });
        Assert.False(Store.IsBlank(PersistenceIds.Worker(worker)));
        var revision = Store.EventsOf($"directory-{Partition.Of(worker, Defaults.Partitions.DirectoryBuckets)}", Sys)
            .OfType<WorkerEntryUpdated>().Last(updated => updated.Entry.WorkerId == worker).Entry.Revision;

        Owners.Workers.Tell(new ForgetWorker { WorkerId = worker, Revision = revision });
        await PassAsync(TimeSpan.FromSeconds(5));
        Assert.False(Store.IsBlank(PersistenceIds.Worker(worker)));

        Owners.Workers.Tell(new ForgetWorker { WorkerId = worker, Revision = revision, IsBeyondKept = true });
        await PassAsync(TimeSpan.FromSeconds(5));
        Assert.True(Store.IsBlank(PersistenceIds.Worker(worker)));
    }

    [Fact]
    public async Task Should_keep_a_worker_whose_breaker_an_operator_holds_open()
    {
        var worker = await RegisterAsync("cpu-1");
        await Owners.AskAsync<WorkerReliabilityScore>(
            Owners.Workers, new SetBreaker { WorkerId = worker.Id, Action = BreakerAction.Open, Reason = "never again" });
        await IsGoneAsync(worker);

        await LongAfterAsync();

        Assert.True((await worker.ScoreAsync()).CircuitBreakerActive);
    }

    private async Task<LeasedTask> WorksAsync(ScenarioWorker worker, string task)
    {
        await SubmitAsync(task, "cpu_standard");
        var lease = await worker.LeaseOneAsync();
        await worker.CompleteAsync(lease);
        return lease;
    }

    private async Task IsGoneAsync(ScenarioWorker worker)
    {
        worker.FallsSilent();
        await PassAsync(Defaults.Workers.Timeout + TimeSpan.FromSeconds(30));
    }

    private async Task LongAfterAsync()
    {
        await Owners.PassAsync(Defaults.Workers.ForgetAfter);
        for (var hour = 0; hour < 8; hour++)
        {
            await Owners.PassAsync(TimeSpan.FromHours(1));
            await PassAsync(TimeSpan.FromSeconds(10));
        }
    }

    private async Task<int> RegisteredAsync() => (await WorkerStatsAsync()).Sum(stats => stats.TotalWorkers);
}
