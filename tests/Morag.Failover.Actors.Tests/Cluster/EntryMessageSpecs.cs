using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Partitioning;

namespace Morag.Failover.Actors.Tests.Cluster;

/// <summary>Whatever HTTP can ask for, a node and a cluster client can ask for with the messages of the contracts.</summary>
[Collection(nameof(ClusterCollection))]
public sealed class EntryMessageSpecs(ClusterNodes nodes)
{
    public static TheoryData<string> WaysIn => ["first node", "second node", "client"];

    [Theory]
    [MemberData(nameof(WaysIn))]
    public async Task Should_take_a_task_through_its_life(string wayIn)
    {
        var way = nodes.Ways[wayIn];
        var worker = NewId<WorkerId>("worker");
        await RegisterAsync(way, worker, slots: 10);
        var tasks = await SubmitAsync(way, worker, 6);
        var granted = await way.AskWorkers<LeasesGranted>(
            new RequestLeases { WorkerId = worker, MaxTasks = 10, Wait = TimeSpan.FromSeconds(10) });
        var leases = granted.Leases.ToList();
        while (leases.Count < 4)
        {
            // Each partition answers for itself, and one worker may hold four of this queue.
            granted = await way.AskWorkers<LeasesGranted>(
                new RequestLeases { WorkerId = worker, MaxTasks = 10, Wait = TimeSpan.FromSeconds(10) });
            leases.AddRange(granted.Leases);
        }

        var extended = await way.AskQueues<LeaseResults>(
            new ExtendLease { TaskId = leases[0].TaskId, WorkerId = worker, Epoch = leases[0].Epoch, By = TimeSpan.FromMinutes(1) });
        Assert.NotNull(extended.Results[0].Deadline);
        var completed = await way.AskQueues<LeaseResults>(new CompleteTasks
        {
            Partition = PartitionOf(leases[0].TaskId),
            WorkerId = worker,
            Completions = [new TaskCompletion { TaskId = leases[0].TaskId, Epoch = leases[0].Epoch, Result = JsonText.Of(42) }],
        });
        Assert.Null(completed.Results[0].Refused);
        Assert.Equal("42", (await way.AskQueues<TaskInfo>(new GetTask { TaskId = leases[0].TaskId })).Result.Raw);
        var released = await way.AskQueues<LeaseResults>(new ReleaseLeases
        {
            Partition = PartitionOf(leases[1].TaskId),
            WorkerId = worker,
            Leases = [new LeaseRef { TaskId = leases[1].TaskId, Epoch = leases[1].Epoch }],
        });
        Assert.Null(released.Results[0].Refused);
        var decision = await way.AskCoordinators<FailoverDecision>(new ReportFailure
        {
            TaskId = leases[2].TaskId,
            WorkerId = worker,
            Epoch = leases[2].Epoch,
            FailureType = FailureType.ProcessingError,
            Source = ReportSource.LeaseHolder,
        });
        var awaited = await way.AskCoordinators<FailoverDecision>(new AwaitDecision { TaskId = leases[2].TaskId, Epoch = leases[2].Epoch });
        Assert.Equal(decision.DecisionMetadata.FailureId, awaited.DecisionMetadata.FailureId);
        await way.AskQueues<Done>(new CancelTask { TaskId = leases[3].TaskId });
        var refused = await way.AskQueues<Refused>(new RequeueTask { TaskId = leases[3].TaskId, Reason = "not parked" });
        Assert.Equal(RefusalReason.Conflict, refused.Reason);
        Assert.Equal(RefusalReason.Unknown, (await way.AskQueues<Refused>(new GetTask { TaskId = NewId<TaskId>("task") })).Reason);
        Assert.Equal(6, tasks.Length);
        Assert.Empty(nodes.Errors);
    }

    [Theory]
    [MemberData(nameof(WaysIn))]
    public async Task Should_take_a_worker_through_its_life(string wayIn)
    {
        var way = nodes.Ways[wayIn];
        var worker = NewId<WorkerId>("worker");
        using var timeOut = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await RegisterAsync(way, worker, slots: 1);

        await way.AskWorkers<Done>(new OpenSession { WorkerId = worker, SessionId = "s-1" });
        await way.AskWorkers<HeartbeatReply>(new Heartbeat { WorkerId = worker });
        var successes = await way.AskWorkers<WorkerReliabilityScore>(
            new RecordSuccesses
            {
                WorkerId = worker,
                Successes = [new ReportedSuccess { TaskId = NewId<TaskId>("elsewhere"), DurationSeconds = 2 }],
            });
        Assert.Equal(1, successes.TotalTasks);
        await way.AskWorkers<WorkerReliabilityScore>(new SetBreaker { WorkerId = worker, Action = BreakerAction.Open, Reason = "spec" });
        Assert.Equal(BreakerState.Open, (await way.AskWorkers<WorkerInfo>(new GetWorker { WorkerId = worker })).BreakerState);
        await way.AskWorkers<Done>(new DrainWorker { WorkerId = worker, Reason = "spec" });
        await way.AskWorkers<Done>(new ResumeWorker { WorkerId = worker });
        while (!(await ListedAsync(way)).Contains(worker))
        {
            // The directory hears of it a moment after the worker does.
            timeOut.Token.ThrowIfCancellationRequested();
        }

        await way.AskWorkers<WorkerTakenOffline>(new TakeWorkerOffline { WorkerId = worker, Reason = "spec" });
        await way.AskWorkers<Done>(new UnregisterWorker { WorkerId = worker });
        Assert.Equal(RefusalReason.Unknown, (await way.AskWorkers<Refused>(new GetWorker { WorkerId = worker })).Reason);
        Assert.Empty(nodes.Errors);
    }

    [Theory]
    [MemberData(nameof(WaysIn))]
    public async Task Should_answer_every_list_and_count(string wayIn)
    {
        var way = nodes.Ways[wayIn];
        var partitions = ClusterNodes.Settings.Partitions;
        for (var number = 0; number < partitions.Queues; number++)
        {
            await way.AskQueues<TaskPage>(new ListTasks { Partition = number });
            await way.AskQueues<TaskMatches>(
                new SearchTasks { Partition = number, Filter = "state:parked", At = DateTimeOffset.UnixEpoch });
            await way.AskQueues<QueueStatsReply>(new GetQueueStats { Partition = number });
            await way.AskQueues<TasksAffected>(
                new CancelTasks { Partition = number, Filter = new() { State = TaskState.Parked }, Reason = "spec", DryRun = true });
            await way.AskQueues<TasksAffected>(
                new RequeueTasks { Partition = number, Filter = new() { State = TaskState.Parked }, Reason = "spec", DryRun = true });
        }

        for (var number = 0; number < partitions.Coordinators; number++)
        {
            await way.AskCoordinators<FailurePage>(new ListFailures { Partition = number });
            await way.AskCoordinators<FailureStatistics>(new GetFailureStatistics { Partition = number });
        }

        for (var number = 0; number < partitions.DirectoryBuckets; number++)
        {
            await way.AskDirectory<WorkerStats>(new GetWorkerStats { Bucket = number });
        }

        Assert.Empty(nodes.Errors);
    }

    [Theory]
    [MemberData(nameof(WaysIn))]
    public async Task Should_say_what_is_wrong_with_an_address_that_cannot_exist(string wayIn)
    {
        var way = nodes.Ways[wayIn];
        var longId = new string('x', 10_000);

        Assert.Equal("worker_id", (await way.AskWorkers<Refused>(new GetWorker { WorkerId = new(longId) })).Field);
        Assert.Equal("worker_id", (await way.AskWorkers<Refused>(new GetWorker { WorkerId = default })).Field);
        Assert.Equal("worker_id", (await way.AskWorkers<Refused>(new RegisterWorker { Registration = null! })).Field);
        Assert.Equal("partition", (await way.AskQueues<Refused>(new ListTasks { Partition = 99 })).Field);
        Assert.Equal("partition", (await way.AskCoordinators<Refused>(new ListFailures { Partition = -1 })).Field);
        Assert.Equal("bucket", (await way.AskDirectory<Refused>(new ListWorkers { Bucket = 99 })).Field);
        var invalid = await way.AskCoordinators<Refused>(new ReportFailure { TaskId = new(longId), FailureType = FailureType.TaskTimeout });
        Assert.Equal("task_id", invalid.Field);
        Assert.Equal(RefusalReason.Unknown, (await way.AskQueues<Refused>(new GetTask { TaskId = new(longId) })).Reason);
        Assert.Equal(RefusalReason.Unknown, (await way.AskQueues<Refused>(new GetTask { TaskId = default })).Reason);
    }

    private static int PartitionOf(TaskId task) => Partition.Of(task, ClusterNodes.Settings.Partitions.Queues);

    private static Task<WorkerRegisteredReply> RegisterAsync(WayIn way, WorkerId worker, int slots) =>
        way.AskWorkers<WorkerRegisteredReply>(new RegisterWorker
        {
            // Tasks of its own content type come to nobody else.
            Registration = new()
            {
                WorkerId = worker,
                Capability = WorkerCapability.Cpu,
                MaxConcurrentTasks = slots,
                SupportedContentTypes = [worker.Value],
            },
        });

    private static async Task<TaskId[]> SubmitAsync(WayIn way, WorkerId onlyFor, int count)
    {
        var tasks = Enumerable.Range(0, count).Select(_ => NewId<TaskId>("task")).ToArray();
        foreach (var together in tasks.GroupBy(PartitionOf))
        {
            var submitted = await way.AskQueues<TasksSubmitted>(new SubmitTasks
            {
                Partition = together.Key,
                Tasks = [.. together.Select(
                    task => new TaskSubmission { TaskId = task, Queue = new("cpu_standard"), ContentType = onlyFor.Value })],
            });
            Assert.All(submitted.Results, result => Assert.Null(result.Refused));
        }

        return tasks;
    }

    private static async Task<List<WorkerId>> ListedAsync(WayIn way)
    {
        var listed = new List<WorkerId>();
        for (var bucket = 0; bucket < ClusterNodes.Settings.Partitions.DirectoryBuckets; bucket++)
        {
            var page = await way.AskDirectory<WorkerPage>(new ListWorkers { Bucket = bucket });
            listed.AddRange(page.Workers.Select(worker => worker.Registration.WorkerId));
        }

        return listed;
    }

    private static TId NewId<TId>(string of)
        where TId : struct, ITextId<TId> => TId.From($"{of}-{Guid.NewGuid():N}");
}
