using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Settings;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>
/// All owners together, on virtual time. Whatever a spec does is handled to its end before the next step; only
/// <see cref="PassAsync"/> moves the clock, a second at a time, and workers that keep beating do so meanwhile.
/// </summary>
public abstract class ScenarioSpec : FailoverSpec
{
    /// <summary>The defaults, but for the jitter: so that a delay can be said to the second.</summary>
    protected static readonly FailoverSettings Defaults = FailoverSettings.Default with { Policy = new() { Jitter = 0 } };

    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    private readonly List<ScenarioWorker> workers = [];

    protected ScenarioSpec(ITestOutputHelper output, FailoverSettings? settings = null)
        : base(output)
    {
        Owners = new AllOwners(Sys, settings ?? Defaults, Outages);
    }

    protected AllOwners Owners { get; }

    // --- Time and crashes

    /// <summary>Lets time pass: everything that comes due in it is carried out.</summary>
    protected async Task PassAsync(TimeSpan time)
    {
        await Owners.SettleAsync();
        for (var left = time; left > TimeSpan.Zero; left -= Step)
        {
            await Owners.PassAsync(left < Step ? left : Step);
            foreach (var worker in workers)
            {
                await worker.BeatWhenDueAsync();
            }
        }
    }

    /// <summary>Lets time pass until after a due time.</summary>
    protected Task PassUntilAsync(DateTimeOffset time) => PassAsync(time - Clock.Now);

    /// <summary>Every owner dies at once, and comes back from what is durable.</summary>
    protected async Task CrashEverythingAsync()
    {
        await Owners.GoDownAsync();
        await Owners.ComeBackAsync();
    }

    // --- What users do

    /// <summary>Submits a task and gives its id.</summary>
    protected async Task<TaskId> SubmitAsync(string id, string queue, Func<TaskSubmission, TaskSubmission>? with = null)
    {
        var task = new TaskSubmission { TaskId = new(id), Queue = new(queue), Payload = JsonText.Of(new { input = id }) };
        var submitted = await Owners.AskAsync<TasksSubmitted>(
            Owners.Queues, new SubmitTasks { Partition = PartitionOf(task.TaskId), Tasks = [with?.Invoke(task) ?? task] });
        Assert.Null(Assert.Single(submitted.Results).Refused);
        return task.TaskId;
    }

    /// <summary>Submits tasks named <c>name-1</c> and on.</summary>
    protected async Task<TaskId[]> SubmitManyAsync(int count, string name, string queue)
    {
        var tasks = new TaskId[count];
        for (var i = 0; i < count; i++)
        {
            tasks[i] = await SubmitAsync($"{name}-{i + 1}", queue);
        }

        return tasks;
    }

    /// <summary>Registers a worker that beats every ten seconds from then on, and waits until the fleet knows of it.</summary>
    protected async Task<ScenarioWorker> RegisterAsync(
        string id,
        WorkerCapability capability = WorkerCapability.Cpu,
        int slots = 1,
        Func<WorkerRegistration, WorkerRegistration>? with = null)
    {
        var registration = new WorkerRegistration
        {
            WorkerId = new(id),
            Capability = capability,
            MaxConcurrentTasks = slots,
            HeartbeatIntervalSeconds = 10,
        };
        var worker = new ScenarioWorker(Owners, () => Clock.Now, with?.Invoke(registration) ?? registration);
        workers.Add(worker);
        await worker.StartAsync();
        await PassAsync(Step);
        return worker;
    }

    /// <summary>Reports a failure as an observer does.</summary>
    protected Task<TAnswer> ReportAsync<TAnswer>(ReportFailure report)
        where TAnswer : IWireMessage => Owners.AskAsync<TAnswer>(Owners.Coordinators, report);

    // --- What users see

    protected Task<TaskInfo> TaskAsync(TaskId task) => Owners.AskAsync<TaskInfo>(Owners.Queues, new GetTask { TaskId = task });

    /// <summary>Every decision about a task, and every stale report.</summary>
    protected Task<TaskDecisions> ExplainAsync(TaskId task) =>
        Owners.AskAsync<TaskDecisions>(Owners.Coordinators, new GetTaskDecisions { TaskId = task });

    /// <summary>The last decision about a task, of which there are that many.</summary>
    protected async Task<FailoverDecision> DecisionAsync(TaskId task, int number = 1)
    {
        var explained = await ExplainAsync(task);
        Assert.Equal(number, explained.Decisions.Length);
        return explained.Decisions[^1];
    }

    /// <summary>One queue's counts.</summary>
    protected async Task<QueueStats> QueueAsync(string queue)
    {
        var stats = await Owners.AskAsync<QueueStatsReply>(Owners.Queues, new GetQueueStats { Partition = 0 });
        return stats.Queues.Single(each => each.QueueType.Value == queue);
    }

    /// <summary>What each coordinator counted.</summary>
    protected Task<IReadOnlyList<FailureStatistics>> StatisticsAsync() => AskEachAsync<FailureStatistics>(
        Owners.Coordinators, Owners.Settings.Partitions.Coordinators, partition => new GetFailureStatistics { Partition = partition });

    /// <summary>What each bucket of the directory counted.</summary>
    protected Task<IReadOnlyList<WorkerStats>> WorkerStatsAsync() => AskEachAsync<WorkerStats>(
        Owners.Directory, Owners.Settings.Partitions.DirectoryBuckets, bucket => new GetWorkerStats { Bucket = bucket });

    private async Task<IReadOnlyList<TAnswer>> AskEachAsync<TAnswer>(IActorRef region, int count, Func<int, IWireMessage> question)
        where TAnswer : IWireMessage
    {
        var answers = new List<TAnswer>();
        for (var number = 0; number < count; number++)
        {
            answers.Add(await Owners.AskAsync<TAnswer>(region, question(number)));
        }

        return answers;
    }

    private int PartitionOf(TaskId task) => Partition.Of(task, Owners.Settings.Partitions.Queues);
}
