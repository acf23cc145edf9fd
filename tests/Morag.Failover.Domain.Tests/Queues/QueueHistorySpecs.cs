using CsCheck;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Tests.Queues;

/// <summary>Random histories, checked against the invariants that hold for all of them.</summary>
public sealed class QueueHistorySpecs
{
    private static readonly Gen<(int What, int Task, int Worker, int Number)[]> Histories =
        Gen.Select(Gen.Int[0, 15], Gen.Int[0, 7], Gen.Int[0, 2], Gen.Int[0, 11]).Array[1, 120];

    private static readonly FailureType[] FailureTypes = Enum.GetValues<FailureType>();

    [Fact]
    public void Should_keep_every_invariant_in_any_history() => Histories.Sample(
        history =>
        {
            var queue = new QueueUnderTest
            {
                Settings = FailoverSettings.Default with
                {
                    Partitions = new PartitionSettings { DirectoryBuckets = 1 },
                    Queues = new QueueSettings { FinishedKept = 3, HistoryKept = 10 },
                },
            };
            var model = new Model();
            foreach (var (what, task, worker, number) in history)
            {
                Step(queue, model, what, $"t{task}", $"w{worker}", number);
                model.Check(queue);
            }

            Assert.Equal(
                QueueUnderTest.Picture(queue.State), QueueUnderTest.Picture(queue.Events.Aggregate(QueueState.Empty, QueueEvents.Apply)));
            Assert.Equal(
                QueueUnderTest.Picture(queue.State),
                QueueUnderTest.Picture(QueueSnapshotMapping.FromParts(
                    [.. QueueSnapshotMapping.ToParts(queue.State, 2_000)],
                    QueueState.Empty,
                    (one, other) =>
                    {
                        other();
                        one();
                    })));
        },
        iter: 400);

    private static void Step(QueueUnderTest queue, Model model, int what, string task, string worker, int number)
    {
        var epoch = new LeaseEpoch(Math.Max(1, queue.State.LastEpoch.Value - (number % 4)));
        var known = queue.State.Tasks.GetValueOrDefault(new TaskId(task));
        switch (what)
        {
            case 0 or 1:
                model.Submitted(
                    task, queue.Submit(QueueUnderTest.Task(task, number % 3 == 0 ? QueueUnderTest.Batch : QueueUnderTest.Cpu) with
                    {
                        Priority = number % 2 == 0 ? TaskPriority.Normal : TaskPriority.High,
                        ContentType = number % 4 == 0 ? "audio" : null,
                        ResourceRequirements = new() { MemoryGb = number % 3 * 4, DiskGb = number },
                    })[0]);
                break;
            case 2 or 3:
                var most = Math.Max(
                    queue.State.Controls.CapOf(new QueueRoom { Queue = QueueUnderTest.Cpu, Cap = 4 }), HeldFromCpu(queue, worker));
                model.Granted(queue.State.Controls, queue.Grant(QueueUnderTest.Request(
                    worker, 1 + (number % 3), $"i{number % 2}", $"r{number}",
                    new QueueRoom { Queue = QueueUnderTest.Cpu, Cap = 4 }, new QueueRoom { Queue = QueueUnderTest.Batch, Cap = 4 })));
                Assert.True(HeldFromCpu(queue, worker) <= most, "no lease beyond the limit of its queue");
                break;
            case 4:
                model.Completed(task, queue.Complete(worker, task, known?.Lease?.Epoch ?? epoch));
                break;
            case 5:
                model.Completed(task, queue.Complete(worker, task, epoch));
                break;
            case 6:
                queue.Fail(
                    task,
                    worker,
                    number % 2 == 0 ? null : epoch,
                    FailureTypes[number % FailureTypes.Length],
                    number % 5 == 0 ? $"e{number}" : null,
                    (ReportSource)(number % 3));
                break;
            case 7 or 8 when known?.Pending is not null:
                model.Reassigned(queue, QueueUnderTest.Reassignment(task, known.Pending.Epoch, (FailoverStrategy)(number % 6)) with
                {
                    Delay = TimeSpan.FromSeconds(number % 4 * 10),
                    Avoid = number % 2 == 0 ? known.Pending.WorkerId : null,
                });
                break;
            case 7 or 8:
                Assert.False(queue.Reassign(QueueUnderTest.Reassignment(
                    task, epoch, FailoverStrategy.ReassignSameQueue)).Applied && known is not { Failures.Length: > 0 });
                break;
            case 9:
                queue.Pass(number * 400);
                queue.ApplyDue();
                break;
            case 10:
                queue.Fence(worker, number, (FenceKind)(number % 4), number % 3 == 0 ? null : $"i{number % 2}", number * 10, $"l{number}");
                break;
            case 11:
                queue.Release(worker, task, known?.Lease?.Epoch ?? epoch);
                break;
            case 12 when number % 2 == 0:
                queue.Do(OperatorCommands.Decide(queue.State, new CancelTask { TaskId = new(task) }, queue.Now));
                break;
            case 12:
                queue.Do(OperatorCommands.Decide(
                    queue.State, new RequeueTask { TaskId = new(task), Reason = "spec" }, queue.Settings.Queues, queue.Now));
                break;
            case 13 when queue.BatchFor(worker) is not null:
                model.Delivered(queue.BatchFor(worker)!);
                queue.Acknowledge(worker);
                break;
            case 13 when TaskRetention.Decide(queue.State, queue.Settings.Queues, 0, 500, queue.Now) is { } forgotten:
                queue.Apply(forgotten);
                break;
            case 14 when number % 3 == 0:
                queue.Resume(number % 2 == 0 ? QueueUnderTest.Cpu : QueueUnderTest.Batch);
                break;
            case 14:
                queue.Pause(number % 2 == 0 ? QueueUnderTest.Cpu : QueueUnderTest.Batch);
                break;
            case 15 when number % 3 == 0:
                queue.SetLimits(QueueUnderTest.Cpu, new QueueLimits(), QueueLimit.PerWorker);
                break;
            case 15:
                queue.SetLimits(QueueUnderTest.Cpu, new QueueLimits { PerWorker = number });
                break;
        }
    }

    private static int HeldFromCpu(QueueUnderTest queue, string worker) =>
        queue.State.ShareOf(new(worker)).Held.Values.Count(held => held.Queue == QueueUnderTest.Cpu);

    /// <summary>A model that knows only what callers were told.</summary>
    private sealed class Model
    {
        private readonly HashSet<string> acknowledged = [];
        private readonly HashSet<long> epochs = [];
        private readonly HashSet<(string, long)> delivered = [];
        private readonly HashSet<string> completed = [];
        private readonly Dictionary<string, FailoverStrategy> decisions = [];
        private long newestEpoch;

        public void Submitted(string task, SubmissionResult result)
        {
            if (result.Refused is null)
            {
                acknowledged.Add(task);
                if (result.State != TaskState.Succeeded)
                {
                    // The id of a forgotten task may be used again.
                    completed.Remove(task);
                }
            }
        }

        public void Granted(ControlledQueues controls, IEnumerable<LeasedTask> leases)
        {
            foreach (var lease in leases)
            {
                if (epochs.Add(lease.Epoch.Value))
                {
                    Assert.True(lease.Epoch.Value > newestEpoch, "epochs only grow");
                    newestEpoch = lease.Epoch.Value;
                    Assert.Null(controls.PauseOf(lease.Queue));
                }
            }
        }

        public void Completed(string task, LeaseResult result)
        {
            if (result.Refused is null)
            {
                completed.Add(task);
            }
        }

        public void Reassigned(QueueUnderTest queue, Reassign command)
        {
            var outcome = queue.Reassign(command);
            Assert.True(outcome.Applied);
            Assert.True(decisions.TryAdd(command.FailureId.Value, command.Action.Strategy), "one decision for each failure");
            Assert.Equal(outcome, queue.Reassign(command));
        }

        public void Delivered(LeaseOutcomes batch) =>
            Assert.All(batch.Outcomes.Where(outcome => outcome.Kind == LeaseOutcomeKind.Succeeded), outcome =>
                Assert.True(delivered.Add((outcome.TaskId.Value, outcome.Epoch.Value)), "each success is told once"));

        public void Check(QueueUnderTest queue)
        {
            var state = queue.State;
            var held = state.Workers.SelectMany(
                worker => worker.Value.Held.Select(lease => (Worker: worker.Key, Epoch: lease.Key, lease.Value.TaskId))).ToList();
            Assert.Equal(held.Count, held.Select(lease => lease.TaskId).Distinct().Count());
            Assert.Equal(held.Count, state.Tasks.Values.Count(task => task.State == TaskState.Leased));
            Assert.All(held, lease => Assert.True(LeaseIsTheTasksOwn(state.Tasks[lease.TaskId], lease.Worker, lease.Epoch)));
            Assert.All(state.Tasks.Values, task => Assert.Equal(task.State == TaskState.Deciding, task.Pending is not null));
            var forgotten = state.LastOrder - state.Tasks.Count;
            Assert.True(acknowledged.Count(task => !state.Tasks.ContainsKey(
                new TaskId(task))) <= forgotten, "what was acknowledged is there, or was ended and forgotten");
            Assert.All(acknowledged.Where(
                task => !state.Tasks.ContainsKey(new TaskId(task))), task => Assert.DoesNotContain(state.Deciding, id => id.Value == task));
            Assert.All(completed, task => Assert.Equal(
                TaskState.Succeeded, state.Tasks.GetValueOrDefault(new TaskId(task))?.State ?? TaskState.Succeeded));
            var sizes = state.Tasks.Values.Sum(task => task.Size);
            Assert.Equal((sizes, state.Tasks.Values.Count(task => task.IsFinished)), (state.Size, state.FinishedCount));
            Assert.Equal(OldestByReadingAll(state), OldestTasks.Of(state).OrderBy(queue => queue.Key.Value, StringComparer.Ordinal));
        }

        private static IEnumerable<KeyValuePair<QueueName, DateTimeOffset>> OldestByReadingAll(QueueState state) =>
            from task in state.Tasks.Values
            where task is { State: TaskState.Queued, PinnedTo: null }
            group task.QueuedSince by task.Queue
            into waiting
            orderby waiting.Key.Value
            select KeyValuePair.Create(waiting.Key, waiting.Min());

        private static bool LeaseIsTheTasksOwn(TaskRecord task, WorkerId worker, LeaseEpoch epoch) =>
            task.Lease!.WorkerId == worker && task.Lease.Epoch == epoch;
    }
}
