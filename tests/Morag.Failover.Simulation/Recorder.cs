using System.Globalization;
using Akka.Event;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;
using Morag.Failover.History;
using Morag.Failover.Simulation.Nodes;
using Morag.Failover.Simulation.Worlds;

namespace Morag.Failover.Simulation;

/// <summary>Records what is stored, announced and answered, in the words of the history checker.</summary>
internal sealed class Recorder(World world)
{
    /// <summary>What nodes log when the store fails or another node wrote, which simulations make happen.</summary>
    private static readonly string[] OfStoreFaults = ["the store fails", "could not be stored", "cannot recover: event "];

    private readonly List<Happening> history = [];
    private readonly List<string> errors = [];
    private readonly Dictionary<TaskId, LeaseEpoch> leased = [];
    private readonly Dictionary<TaskId, TimeSpan> finished = [];
    private readonly Dictionary<string, int> statistics = [];
    private readonly Dictionary<string, BreakerState> breakers = [];

    public IReadOnlyList<Happening> History => history;

    /// <summary>What the nodes logged as errors.</summary>
    public IReadOnlyList<string> Errors => errors;

    public void Record(Happening happening) => history.Add(happening);

    /// <summary>Notes what no rule looks at, for whoever reads the history.</summary>
    public void Note(string what) => history.Add(new Noted(world.Now, what));

    public void OnNodeEvent(SimulatedNode node, object happened)
    {
        switch (happened)
        {
            case Error error when !IsOfStoreFault(error.Message?.ToString() ?? ""):
                errors.Add(string.Create(CultureInfo.InvariantCulture, $"{world.Now} {node.Name}: {error.Message} {error.Cause}"));
                break;
            case BreakerChanged { State: BreakerState.Open } breaker
                when breakers.GetValueOrDefault(PersistenceIds.Worker(breaker.WorkerId)) == BreakerState.Open:
                // An answer that was decided before may leave until the breaker is announced.
                Record(new BreakerOpened(world.Now, breaker.WorkerId.Value));
                break;
            default:
                break;
        }
    }

    /// <summary>When a task was last stored as completed or cancelled; null if it never was.</summary>
    public TimeSpan? FinishedAt(TaskId task) => finished.TryGetValue(task, out var at) ? at : null;

    /// <summary>Everything stored of an owner was erased: its statistics begin again.</summary>
    public void OnErased(string owner)
    {
        foreach (var (statistic, sum) in statistics.Where(each => each.Key.StartsWith($"{owner} ", StringComparison.Ordinal)).ToList())
        {
            Count(statistic, -sum);
        }

        if (breakers.Remove(owner))
        {
            Record(new BreakerEased(world.Now, owner["worker-".Length..]));
        }
    }

    public void OnAnswered(string client, object answer, bool isRepeat)
    {
        if (answer is LeasesGranted granted)
        {
            foreach (var lease in granted.Leases)
            {
                Record(new LeaseHandedOut(world.Now, lease.TaskId.Value, lease.Epoch.Value, client, isRepeat));
            }
        }
    }

    public void OnStored(string owner, IStoredEvent @event, SimulatedNode node)
    {
        if (BreakerIn(@event) is { } breaker)
        {
            breakers[owner] = breaker.State;
            if (breaker.State != BreakerState.Open)
            {
                Record(new BreakerEased(world.Now, owner["worker-".Length..]));
            }
        }

        if (FenceIn(@event) is { Kind: FenceKind.Proven or FenceKind.Returned })
        {
            Record(new LeasesRecalled(world.Now, owner["worker-".Length..]));
        }

        switch (@event)
        {
            case TasksLeased granted:
                foreach (var lease in granted.Leases)
                {
                    leased[lease.TaskId] = lease.Epoch;
                    Record(new LeaseStored(world.Now, owner, lease.TaskId.Value, lease.Epoch.Value, granted.WorkerId.Value));
                }

                break;
            case TasksCompleted completed:
                completed.Completions.ToList().ForEach(each => Ended(each.TaskId, each.Epoch));
                completed.Completions.ToList().ForEach(each => finished[each.TaskId] = world.Now);
                Count($"{owner} completed", completed.Completions.Length);
                break;
            case LeasesReleased released:
                released.Leases.ToList().ForEach(each => Ended(each.TaskId, each.Epoch, isLoss: true));
                break;
            case LeasesEnded ended:
                ended.Leases.ToList().ForEach(each => Ended(each.TaskId, each.Failure.Epoch, each.Failure.LossId is not null));
                break;
            case InstanceFenced fenced:
                fenced.Ended.ToList().ForEach(each => Ended(each.TaskId, each.Failure.Epoch, fenced.Kind == FenceKind.Lost));
                fenced.Freed.Where(_ => fenced.Kind == FenceKind.Returned).ToList().ForEach(each => Ended(each.TaskId, each.Epoch));
                break;
            case TasksCancelled cancelled:
                cancelled.Tasks.ToList().ForEach(each => finished[each] = world.Now);
                cancelled.Tasks.Where(leased.ContainsKey).ToList().ForEach(task => Ended(task, leased[task]));
                break;
            case TaskReassigned reassigned:
                Record(new DecisionCarriedOutStored(world.Now, reassigned.FailureId.Value, reassigned.TaskId.Value));
                break;
            case FailureDecided decided:
                var decision = decided.Decision;
                Record(new DecisionStored(world.Now, decision.DecisionMetadata.FailureId.Value, decision.TaskId.Value));
                Count($"{owner} failures", 1);
                break;
            case WorkerFailureRecorded { Counts: true }:
                Count($"{owner} failures", 1);
                break;
            case WorkerOutcomesCounted counted:
                Count($"{owner} successes", counted.Successes);
                break;
            case WorkerSuccessesReported reported:
                Count($"{owner} successes", reported.Successes);
                break;
            case WorkerLost { Fence: { Blame: LossBlame.Worker, Reason: var why } }:
                Record(new WorkerDeclaredLost(world.Now, owner["worker-".Length..], why));
                Note($"{node.Name} declared that loss");
                break;
            default:
                break;
        }
    }

    private static bool IsOfStoreFault(string message) =>
        OfStoreFaults.Any(words => message.Contains(words, StringComparison.Ordinal));

    private void Ended(TaskId task, LeaseEpoch epoch, bool isLoss = false) =>
        Record(new LeaseEndStored(world.Now, task.Value, epoch.Value, isLoss));

    private static OwedFence? FenceIn(IStoredEvent @event) => @event switch
    {
        WorkerRegistered registered => registered.Fence,
        WorkerDeclaredOffline declared => declared.Fence,
        WorkerStatusReported reported => reported.Fence,
        WorkerDrainDeadlinePassed passed => passed.Fence,
        WorkerUnregistered unregistered => unregistered.Fence,
        _ => null,
    };

    private static WorkerBreaker? BreakerIn(IStoredEvent @event) => @event switch
    {
        WorkerFailureRecorded recorded => recorded.Breaker,
        WorkerFailuresExcused excused => excused.Breaker,
        WorkerOutcomesCounted counted => counted.Breaker,
        WorkerSuccessesReported reported => reported.Breaker,
        WorkerBreakerChanged changed => changed.Breaker,
        _ => null,
    };

    private void Count(string statistic, int by)
    {
        if (by != 0)
        {
            statistics[statistic] = statistics.GetValueOrDefault(statistic) + by;
            Record(new EventCounted(world.Now, statistic, by));
        }
    }
}

/// <summary>What no rule looks at.</summary>
internal sealed record Noted(TimeSpan At, string What) : Happening(At);
