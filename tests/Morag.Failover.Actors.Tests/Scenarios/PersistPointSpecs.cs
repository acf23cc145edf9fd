using Morag.Failover.Actors.Tests.Storage;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Xunit.Abstractions;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;
using static Morag.Failover.Contracts.Failover.FailureType;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>
/// One day of a small fleet with a bit of everything, in which the owners of one kind, or of all, end at every single write of theirs:
/// before it is stored, after it, or because storage fails. Callers ask again, as they may; the day ends the same.
/// </summary>
public sealed class PersistPointSpecs : ScenarioSpec
{
    private readonly HashSet<(string Owner, Type Event)> struck = [];
    private int requests;

    public PersistPointSpecs(ITestOutputHelper output)
        : base(output)
    {
        Owners.Patience = 40;
    }

    public static TheoryData<string, WriteFate> Ends
    {
        get
        {
            var ends = new TheoryData<string, WriteFate> { { "nobody", WriteFate.Stored } };
            foreach (var owner in (string[])["queue-", "coordinator-", "worker-", "directory-", ""])
            {
                foreach (var fate in (WriteFate[])[WriteFate.KilledBefore, WriteFate.KilledAfter, WriteFate.Failed])
                {
                    ends.Add(owner, fate);
                }
            }

            return ends;
        }
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Should_come_to_the_same_end_when_owners_end_at_each_of_their_writes(string owner, WriteFate fate)
    {
        Store.Fate = write =>
            write.PersistenceId.StartsWith(owner, StringComparison.Ordinal) && IsStruck(write.PersistenceId, write.Payload.GetType(), fate)
            ? fate
            : WriteFate.Stored;

        var a = await RegisterAsync("a", slots: 2, with: Silently);
        var b = await RegisterAsync("b", slots: 2, with: Silently);
        await DoneByAsync(a, await SubmitAsync("good", "cpu_standard"));
        await FailsOnceAsync(a, b);
        await IsRetriedAfterItsDelayAsync(a);
        await RunsOverItsTimeAsync(a);
        await IsPoisonAndTakenUpAgainAsync(a, b);
        await IsGivenBackByADrainAsync(a, b);
        await LosesItsWorkerAsync(a, b);
        await PassAsync(TimeSpan.FromMinutes(1));

        var (good, bad) = (await a.ScoreAsync(), await b.ScoreAsync());
        Assert.Equal((7, 4, 0), (good.TotalTasks - good.FailureCount, good.FailureCount, good.ConsecutiveFailures));

        // An entity that ends before it has stored the loss of its worker forgets through which gateway it heard the worker last. Then
        // nobody has observed the silence, and the loss is not counted against the worker.
        var forgets = owner is ("" or "worker-") && fate is (WriteFate.KilledBefore or WriteFate.Failed);
        Assert.Equal(
            forgets ? (2, 1, 0) : (2, 2, 1), (bad.TotalTasks - bad.FailureCount, bad.FailureCount, bad.ConsecutiveFailures));
        Assert.Equal(7, (await StatisticsAsync()).Sum(statistics => statistics.TotalFailures));
        var queue = await QueueAsync("cpu_standard");
        Assert.Equal(
            (9, 9, 0, 0, 0),
            (queue.TotalTasks, queue.CompletedTasks, queue.PendingTasks, queue.ProcessingTasks, queue.FailedTasks));
        Assert.Equal(
            (2, 1),
            ((await WorkerStatsAsync()).Sum(stats => stats.TotalWorkers), (await WorkerStatsAsync()).Sum(stats => stats.OfflineWorkers)));
    }

    /// <summary>
    /// Every write is struck, and what its owner writes in its place once it is back is not: else nothing would ever come of it. One
    /// that is stored all the same has nothing in its place, but what owners write each time they are back.
    /// </summary>
    private bool IsStruck(string owner, Type @event, WriteFate fate)
    {
        if (fate == WriteFate.KilledAfter && !struck.Contains((owner, @event)))
        {
            struck.RemoveWhere(before => before.Owner == owner);
        }

        return struck.Add((owner, @event)) || !struck.Remove((owner, @event));
    }

    private static WorkerRegistration Silently(WorkerRegistration registration) => registration with { HeartbeatIntervalSeconds = null };

    private async Task FailsOnceAsync(ScenarioWorker first, ScenarioWorker then)
    {
        var task = await SubmitAsync("fails-once", "cpu_standard");
        (await first.FailAsync(await LeaseAsync(first, task), ProcessingError, "no such codec"))
            .Chose(ReassignSameQueue, "processing_error");
        await DoneByAsync(then, task);
        (await DecisionAsync(task)).CarriedOut();
    }

    private async Task IsRetriedAfterItsDelayAsync(ScenarioWorker worker)
    {
        var task = await SubmitAsync("flaky-network", "cpu_standard");
        (await worker.FailAsync(await LeaseAsync(worker, task), NetworkFailure)).Chose(RetrySameWorker, "network_failure").Delaying(30);
        await DoneByAsync(worker, task);
        (await DecisionAsync(task)).CarriedOut();
    }

    private async Task RunsOverItsTimeAsync(ScenarioWorker worker)
    {
        var task = await SubmitAsync("long", "cpu_standard", each => each with { Timeout = TimeSpan.FromSeconds(50) });
        var lease = await LeaseAsync(worker, task);
        await UntilAsync(task, TaskState.Delayed);
        worker.Forget(lease);
        await DoneByAsync(worker, task);
        (await DecisionAsync(task)).Chose(RetrySameWorker, "task_timeout.retry").CarriedOut();
    }

    private async Task IsPoisonAndTakenUpAgainAsync(ScenarioWorker one, ScenarioWorker other)
    {
        var task = await SubmitAsync("poison", "cpu_standard");
        await one.FailAsync(await LeaseAsync(one, task), ProcessingError);
        (await other.FailAsync(await LeaseAsync(other, task), ProcessingError))
            .Chose(ManualIntervention, "processing_error")
            .Overruling("poison", ReassignSameQueue);
        await UntilAsync(task, TaskState.Parked);
        await PassAsync(TimeSpan.FromSeconds(10));
        (await DecisionAsync(task, number: 2)).CarriedOut();
        Assert.Equal((0, 0), ((await one.ScoreAsync()).ConsecutiveFailures, (await other.ScoreAsync()).ConsecutiveFailures));

        await Owners.AskAsync<IWireMessage>(Owners.Queues, new RequeueTask { TaskId = task, Reason = "mended" });
        await DoneByAsync(one, task);
    }

    private async Task IsGivenBackByADrainAsync(ScenarioWorker drained, ScenarioWorker other)
    {
        var task = await SubmitAsync("given-back", "cpu_standard");
        drained.Forget(await LeaseAsync(drained, task));
        await Owners.AskAsync<Done>(
            Owners.Workers,
            new DrainWorker { WorkerId = drained.Id, Reason = "a new disk", Deadline = TimeSpan.FromSeconds(5) });
        await UntilAsync(task, TaskState.Queued);
        await DoneByAsync(other, task);
        Assert.Empty((await ExplainAsync(task)).Decisions);
        await Owners.AskAsync<Done>(Owners.Workers, new ResumeWorker { WorkerId = drained.Id });
        await DoneByAsync(drained, await SubmitAsync("after-the-drain", "cpu_standard"));
    }

    private async Task LosesItsWorkerAsync(ScenarioWorker stays, ScenarioWorker lost)
    {
        var tasks = await SubmitManyAsync(2, "lost", "cpu_standard");
        Assert.Equal(2, (await LeaseAsync(lost, 2)).Count);
        lost.FallsSilent();
        foreach (var task in tasks)
        {
            await UntilAsync(task, TaskState.Queued);
        }

        foreach (var lease in await LeaseAsync(stays, 2))
        {
            await stays.CompleteAsync(lease);
        }

        await PassAsync(TimeSpan.FromSeconds(10));
        var losses = new[] { await DecisionAsync(tasks[0]), await DecisionAsync(tasks[1]) };
        Assert.All(losses, loss => loss.Chose(ReassignSameQueue, "worker_offline").CarriedOut());
        Assert.Single(losses.Select(loss => loss.DecisionMetadata.Facts["loss_id"]).Distinct());
    }

    private async Task DoneByAsync(ScenarioWorker worker, TaskId task)
    {
        await worker.CompleteAsync(await LeaseAsync(worker, task));
        await PassAsync(TimeSpan.FromSeconds(10));
        var done = await TaskAsync(task);
        Assert.Equal((TaskState.Succeeded, worker.Id), (done.State, done.WorkerId));
    }

    private async Task<LeasedTask> LeaseAsync(ScenarioWorker worker, TaskId task)
    {
        var lease = Assert.Single(await LeaseAsync(worker, 1));
        Assert.Equal(task, lease.TaskId);
        return lease;
    }

    /// <summary>Asks for leases as an agent does: under one request id, again and again.</summary>
    private async Task<IReadOnlyList<LeasedTask>> LeaseAsync(ScenarioWorker worker, int count)
    {
        var request = $"request-{++requests}";
        IReadOnlyList<LeasedTask> leases = [];
        for (var left = 120; leases.Count < count && left > 0; left--)
        {
            leases = await worker.LeaseAsync(count, request);
            if (leases.Count < count)
            {
                await PassAsync(TimeSpan.FromSeconds(1));
            }
        }

        Assert.Equal(count, leases.Count);
        return leases;
    }

    private async Task UntilAsync(TaskId task, TaskState state)
    {
        for (var left = 900; (await TaskAsync(task)).State != state; left--)
        {
            Assert.True(left > 0, $"{task} is {(await TaskAsync(task)).State}, not {state}");
            await PassAsync(TimeSpan.FromSeconds(1));
        }
    }
}
