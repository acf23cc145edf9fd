using CsCheck;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Tests.Failover;

/// <summary>
/// A fleet of sound and broken workers that works a queue off, in steps of a tenth of a second: the rules of all owners, without actors. A
/// broken worker fails everything it is given, a bad document fails on every worker.
/// </summary>
internal sealed class SimulatedFleet
{
    private static readonly QueueName Queue = new("cpu_standard");
    private static readonly WorkerProfile Profile = new() { Capability = WorkerCapability.Cpu, MemoryGb = 16, DiskGb = 100 };
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly FailoverSettings Settings =
        FailoverSettings.Default with { Partitions = new PartitionSettings { DirectoryBuckets = 1, Queues = 1, Coordinators = 1 } };

    private readonly PCG random;
    private readonly SortedDictionary<WorkerId, SimulatedWorker> workers =
        new(Comparer<WorkerId>.Create((a, b) => string.CompareOrdinal(a.Value, b.Value)));
    private readonly HashSet<TaskId> badTasks = [];
    private QueueState queue = QueueState.Empty with { HistoryKept = 50 };
    private CoordinatorState coordinator = CoordinatorState.Empty;
    private DateTimeOffset now = Cases.Noon;

    public SimulatedFleet(uint seed, int sound, int broken, int slots)
    {
        random = new PCG(1, seed);
        for (var number = 0; number < sound + broken; number++)
        {
            var id = new WorkerId($"w{number:00}");
            var registration = new WorkerRegistration { WorkerId = id, Capability = WorkerCapability.Cpu };
            var state = WorkerState.Unknown(id) with { Registration = registration };
            workers.Add(id, new SimulatedWorker(state, slots, willBreak: number >= sound));
        }
    }

    public IEnumerable<SimulatedWorker> Workers => workers.Values;

    public IEnumerable<TaskRecord> Tasks => queue.Tasks.Values;

    public IEnumerable<TaskRecord> ParkedGoodTasks =>
        Tasks.Where(task => task.State == TaskState.Parked && !badTasks.Contains(task.TaskId));

    public IEnumerable<TaskRecord> BadTasks => Tasks.Where(task => badTasks.Contains(task.TaskId));

    /// <summary>
    /// Submits tasks; one in every so many is a bad document, but none of the last ones, after which the workers have nothing to show.
    /// </summary>
    public void Submit(int count, int everyBad)
    {
        var first = queue.Tasks.Count;
        var offset = everyBad > 0 ? Draw(everyBad) : 0;
        for (var number = first; number < first + count; number++)
        {
            var id = new TaskId($"t{number:0000}");
            if (everyBad > 0 && number % everyBad == offset && number < first + count - 10)
            {
                badTasks.Add(id);
            }

            Do(Submission.Decide(
                queue,
                new SubmitTasks { Partition = 0, Tasks = [new TaskSubmission { TaskId = id, Queue = Queue }] },
                Settings,
                now));
        }
    }

    public void BreakThoseThatWill()
    {
        foreach (var worker in Workers)
        {
            worker.IsBroken = worker.WillBreak;
        }
    }

    /// <summary>Lets time pass until nothing is left to do, and decisions to park have been looked at a few times more.</summary>
    public void WorkOff(TimeSpan most)
    {
        var quiet = TimeSpan.Zero;
        for (var until = now + most; now < until && quiet < TimeSpan.FromSeconds(30); now += Step)
        {
            quiet = queue.Tasks.Values.All(task => task.IsFinished || task.State == TaskState.Parked) ? quiet + Step : TimeSpan.Zero;
            if (DueTasks.Decide(queue, Settings.Queues, 500, now) is { } due)
            {
                queue = QueueEvents.Apply(queue, due);
            }

            foreach (var worker in workers.Values.OrderBy(_ => Draw(1_000)).ToList())
            {
                Finish(worker);
                Lease(worker);
            }

            if ((now - Cases.Noon).Ticks % TimeSpan.FromSeconds(5).Ticks == 0)
            {
                Review();
            }
        }
    }

    private void Lease(SimulatedWorker worker)
    {
        if (FailureAccounting.HalfOpenBreaker(worker.State, now) is { } halfOpen)
        {
            worker.Take(halfOpen);
        }

        var room = Math.Min(worker.Slots - worker.Held.Count, BreakerRules.AllowedLeases(worker.State.Breaker, Settings.Workers, now));
        if (room <= 0)
        {
            return;
        }

        var granted = Do(LeaseGrants.Decide(
            queue,
            new GrantLeases
            {
                Partition = 0,
                WorkerId = worker.Id,
                Profile = Profile,
                MaxTasks = room,
                MaxHeld = 1_000,
                Queues = [new QueueRoom { Queue = Queue, Cap = 1_000 }],
            },
            Fleet(),
            Settings,
            now,
            LeaseEpoch.None));
        foreach (var lease in granted.Leases)
        {
            // What a broken machine is given fails almost at once, which is why it gets most of the work.
            worker.Held.Add((lease, now + (worker.IsBroken ? Step : TimeSpan.FromMilliseconds(500 + Draw(500)))));
        }

        var held = granted.Leases.Select(lease => new HeldLease
        {
            TaskId = lease.TaskId,
            Epoch = lease.Epoch,
            Queue = Queue,
            GrantedAt = now,
            Deadline = lease.Deadline,
        });
        if (FailureAccounting.StartProbes(worker.State, held, now) is { } probing)
        {
            worker.Take(probing);
        }
    }

    private void Finish(SimulatedWorker worker)
    {
        foreach (var (lease, at) in worker.Held.ToList())
        {
            if (at > now)
            {
                continue;
            }

            worker.Held.Remove((lease, at));
            if (worker.IsBroken || badTasks.Contains(lease.TaskId))
            {
                Fail(worker, lease);
            }
            else
            {
                Complete(worker, lease);
            }
        }
    }

    private void Complete(SimulatedWorker worker, LeasedTask lease)
    {
        var before = queue;
        var decided = TaskCompletions.Decide(
            queue,
            new CompleteTasks
            {
                Partition = 0,
                WorkerId = worker.Id,
                Completions = [new TaskCompletion { TaskId = lease.TaskId, Epoch = lease.Epoch }],
            },
            Settings.Queues,
            now);
        Assert.Null(Do(decided).Results[0].Refused);
        foreach (var hint in ParkReversal.MovedOn(decided.Event!, before))
        {
            Store(coordinator.OnTaskMovedOn(hint));
        }

        var owed = OutcomeDelivery.BatchFor(queue, worker.Id, 0)!;
        if (FailureAccounting.CountOutcomes(worker.State, owed) is { } counted)
        {
            worker.Take(counted);
        }

        Do(new Decision<int>(
            OutcomeDelivery.Decide(queue, [new OutcomesReceived { Partition = 0, WorkerId = worker.Id, Number = owed.Number }]),
            0));
    }

    private void Fail(SimulatedWorker worker, LeasedTask lease)
    {
        var report = new ReportFailure
        {
            TaskId = lease.TaskId,
            WorkerId = worker.Id,
            Epoch = lease.Epoch,
            FailureType = FailureType.ProcessingError,
            Source = ReportSource.LeaseHolder,
        };
        var failure = Do(LeaseEndings.Decide(queue, new EndLease { Report = report }, Settings.Policy, now)).Failure!;
        while (OutcomeDelivery.BatchFor(queue, worker.Id, 0) is { } owed)
        {
            Do(new Decision<int>(
                OutcomeDelivery.Decide(queue, [new OutcomesReceived { Partition = 0, WorkerId = worker.Id, Number = owed.Number }]),
                0));
        }

        var taken = new RecordFailure
        {
            WorkerId = worker.Id,
            TaskId = lease.TaskId,
            FailureId = failure.FailureId,
            FailureType = failure.FailureType,
            OccurredAt = now,
            Epoch = lease.Epoch,
            Queue = failure.Facts.Queue,
        };
        worker.Take(FailureAccounting.RecordFailure(worker.State, taken, Settings.Workers, now)!);
        worker.Failed(now);
        var witnesses = FailoverPolicy.WitnessesToAsk(Event(failure), failure.Facts.History).Append(worker.Id);
        var verdict = FailoverPolicy.Decide(
            new FailureCase
            {
                FailureId = failure.FailureId,
                Failure = Event(failure),
                Epoch = failure.Epoch,
                Task = TaskPast.Told(failure.Facts),
                Worker = worker.State.Standing(),
                Testimonies = [.. witnesses.Select(witness => workers[witness].State.Record.On(witness, lease.TaskId))],
                Records = coordinator.Records,
                Fleet = Fleet(),
                JitterDraw = 0.5,
                Now = now,
            },
            Settings);
        Store(new FailureDecided { Decision = verdict.Decision, Reassign = verdict.Reassign, Excuses = verdict.Excuses });
        var outcome = Do(TaskReassignment.Decide(queue, verdict.Reassign!, Settings.Queues, now));
        Store(new DecisionCarriedOut { FailureId = failure.FailureId, Applied = outcome.Applied, At = now });
        foreach (var excuse in verdict.Excuses)
        {
            if (FailureAccounting.Excuse(workers[excuse.WorkerId].State, excuse, Settings.Workers) is { } excused)
            {
                workers[excuse.WorkerId].Take(excused);
            }

            Store(new ExcuseAcknowledged { FailureId = failure.FailureId, WorkerId = excuse.WorkerId });
        }
    }

    private void Review()
    {
        foreach (var parked in coordinator.Parking.Where(parked => coordinator.IsUnderReview(parked.Id)).ToList())
        {
            var task = parked.Decision.TaskId;
            var testimonies = parked.Decision.DecisionMetadata.Witnesses
                .Select(witness => workers[witness.WorkerId].State.Record.On(witness.WorkerId, task));
            if (ParkReview.Decide(parked.Decision, [.. testimonies], Settings, now) is { } takenBack)
            {
                Store(new ParkReversed { FailureId = parked.Id, Decision = takenBack });
                var outcome = Do(ParkReversal.Decide(queue, ParkReview.UnparkFor(takenBack), now));
                Assert.True(outcome.Applied);
                Store(new UnparkCarriedOut { FailureId = parked.Id, Applied = true, At = now });
            }
        }
    }

    private static FailureEvent Event(LeaseFailure failure) => new()
    {
        EventId = new(failure.FailureId.Value),
        TaskId = failure.TaskId,
        WorkerId = failure.WorkerId,
        FailureType = failure.FailureType,
        OccurredAt = failure.OccurredAt,
    };

    private FleetView Fleet()
    {
        var ready = Workers.Where(worker => worker.State.Breaker.State != BreakerState.Open).Select(worker => worker.Id).ToList();
        return FleetView.Empty.With(new FleetSlice
        {
            Bucket = 0,
            Version = 1,
            Profiles = [new ProfileCount { Profile = Profile, Live = workers.Count, Ready = ready.Count, SomeReady = [.. ready.Take(2)] }],
        });
    }

    private int Draw(int below) => Gen.Int[0, below - 1].Generate(random, null, out _);

    private TReply Do<TReply>(Decision<TReply> decided)
    {
        if (decided.Event is { } @event)
        {
            queue = QueueEvents.Apply(queue, @event);
        }

        return decided.Reply;
    }

    private void Store(IStoredEvent? @event) => coordinator = @event is null ? coordinator : coordinator.Apply(@event);
}

/// <summary>A worker of a simulated fleet, with its entity's state.</summary>
internal sealed class SimulatedWorker(WorkerState state, int slots, bool willBreak)
{
    private int failures;

    public WorkerState State { get; private set; } = state;

    public WorkerId Id => State.WorkerId;

    public int Slots => slots;

    public bool WillBreak => willBreak;

    public bool IsBroken { get; set; }

    public List<(LeasedTask Lease, DateTimeOffset DoneAt)> Held { get; } = [];

    /// <summary>Failures since it broke, until its breaker opened for the first time.</summary>
    public int FailuresUntilOpen { get; private set; }

    public bool HasOpened { get; private set; }

    public void Take(IStoredEvent @event) => State = State.Apply(@event);

    public void Failed(DateTimeOffset at)
    {
        failures += IsBroken ? 1 : 0;
        if (!HasOpened)
        {
            FailuresUntilOpen = failures;
            HasOpened = IsBroken && State.Breaker.State == BreakerState.Open;
        }
    }
}
