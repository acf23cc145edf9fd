using System.Text.RegularExpressions;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Owners;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Tests.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Tests;

/// <summary>
/// The diagrams of docs/task-lifecycle.md show the states and transitions of the code, no more and no fewer. Each spec tries every step
/// in every state that it can reach from the first one.
/// </summary>
public sealed class LifecycleDiagramSpecs
{
    private const string Outside = "[*]";
    private static readonly DateTimeOffset T0 = QueueUnderTest.Start;
    private static readonly WorkerId Worker = new("w");
    private static readonly FailureId Failure = new("t.1");
    private static readonly WorkerSettings WorkerDefaults = new();

    private static readonly ImmutableArray<Action<QueueUnderTest>> TaskSteps =
    [
        queue => queue.Submit("t"),
        queue => queue.Lease("w"),
        queue => OnLease(queue, epoch => queue.Complete("w", "t", epoch)),
        queue => OnLease(queue, epoch => queue.Fail("t", "w", epoch)),
        queue => OnLease(queue, epoch => queue.Release("w", "t", epoch)),
        .. Enum.GetValues<FailoverStrategy>().Select(strategy => Decision(strategy, seconds: 0)),
        .. Enum.GetValues<FailoverStrategy>().Select(strategy => Decision(strategy, seconds: 60)),
        queue => queue.Do(OperatorCommands.Decide(queue.State, new CancelTask { TaskId = new("t") }, queue.Now)),
        queue => queue.Do(OperatorCommands.Decide(
            queue.State, new RequeueTask { TaskId = new("t"), Reason = "spec" }, queue.Settings.Queues, queue.Now)),
        queue => queue.Do(ParkReversal.Decide(queue.State, TakingBack(queue), queue.Now)),
        .. Enum.GetValues<FenceKind>().Select(kind => (Action<QueueUnderTest>)(queue => queue.Fence("w", queue.Events.Count + 1, kind))),
        PassADay,
        GoUnserved,
        Forget,
    ];

    private static readonly ImmutableArray<Func<WorkerBreaker, WorkerBreaker>> BreakerSteps =
    [
        breaker => BreakerRules.AfterFailure(breaker, Failure, 5, ofProbe: false, WorkerDefaults, T0),
        breaker => BreakerRules.AfterFailure(breaker, Failure, 1, ofProbe: !breaker.Probes.IsEmpty, WorkerDefaults, T0),
        breaker => BreakerRules.AfterOutcomes(
            breaker, [new LeaseOutcome { TaskId = new("t"), Epoch = new(1), Kind = LeaseOutcomeKind.Succeeded }]),
        breaker => BreakerRules.AfterExcuse(breaker, [Failure], 0, WorkerDefaults),
        breaker => BreakerRules.OpenedByStrategy(breaker, Failure, "spec", WorkerDefaults, T0),
        breaker => BreakerRules.AfterOpenTime(breaker, T0.AddDays(1)),
        breaker => BreakerRules.WithProbe(breaker, new("t"), new(1), T0),
        _ => BreakerRules.OpenedByOperator("spec"),
        _ => WorkerBreaker.Closed,
    ];

    private static readonly ImmutableArray<Func<WorkerState, IStoredEvent?>> WorkerSteps =
    [
        worker => WorkerMembership.EndSuspicion(worker, T0),
        worker => WorkerMembership.ReportStatus(worker, WorkerStatus.Online, T0),
        worker => WorkerMembership.ReportStatus(worker, WorkerStatus.Offline, T0),
        worker => WorkerMembership.ApplyVerdict(worker, new(Liveness.Suspect, "late", T0), holding: true, new("l"), T0, T0),
        worker => WorkerMembership.ApplyVerdict(worker, new(Liveness.Offline, "silent", T0), holding: true, new("l"), T0, T0),
        worker => WorkerMembership.TakeOffline(worker, new() { WorkerId = Worker, Reason = "spec" }, [], new("l"), T0, T0).Event,
        worker => WorkerMembership.Drain(worker, new() { WorkerId = Worker, Reason = "spec" }, T0).Event,
        worker => WorkerMembership.Resume(worker, new ResumeWorker { WorkerId = worker.WorkerId }, T0).Event,
        worker => WorkerMembership.Unregister(worker, new() { WorkerId = worker.WorkerId }, T0).Event,
    ];

    [Fact]
    public void Should_show_every_transition_of_a_task_when_every_step_is_tried_in_every_state() => AssertDrawn(
        "A task",
        Enum.GetNames<TaskState>(),
        Explored<ImmutableArray<Action<QueueUnderTest>>, (string, bool?, bool)>(
            [],
            path => TaskAfter(path)?.State.ToString() ?? Outside,
            path => TaskAfter(path) is { } task
                ? (task.State.ToString(), task.Lease?.Returned, task.PinnedTo is not null)
                : (Outside, null, false),
            path => TaskSteps.Select(step => path.Add(step))));

    [Fact]
    public void Should_show_every_transition_of_a_breaker_when_every_step_is_tried_in_every_state() => AssertDrawn(
        "The breaker",
        Enum.GetNames<BreakerState>(),
        [
            (Outside, nameof(BreakerState.Closed)),
            .. Explored(
                WorkerBreaker.Closed,
                breaker => breaker.State.ToString(),
                breaker => (breaker.State, breaker.Cause, breaker.Until is null, breaker.Probes.IsEmpty),
                breaker => BreakerSteps.Select(step => step(breaker))),
        ]);

    [Fact]
    public void Should_show_every_transition_of_liveness_when_every_step_is_tried_in_every_state() => AssertDrawn(
        "Worker liveness",
        Enum.GetNames<Liveness>(),
        Explored(
            WorkerState.Unknown(Worker),
            LivenessOf,
            worker => (LivenessOf(worker), worker.OfflineCause, worker.IsRegistered),
            WorkersAfter));

    /// <summary>The transitions between states of different names that any step makes in any state that can be reached.</summary>
    private static HashSet<(string From, string To)> Explored<TState, TKey>(
        TState first, Func<TState, string> name, Func<TState, TKey> key, Func<TState, IEnumerable<TState>> next)
    {
        var (found, known, open) = (new HashSet<(string From, string To)>(), new HashSet<TKey> { key(first) }, new Queue<TState>([first]));
        while (open.TryDequeue(out var state))
        {
            foreach (var after in next(state))
            {
                if (name(after) != name(state))
                {
                    found.Add((name(state), name(after)));
                }

                if (known.Add(key(after)))
                {
                    open.Enqueue(after);
                }
            }
        }

        return found;
    }

    private static void AssertDrawn(string heading, string[] states, HashSet<(string From, string To)> transitions)
    {
        var page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "task-lifecycle.md"));
        var diagram = Regex.Match(page, $@"## {heading}\n.*?```mermaid\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;
        var drawn = Regex.Matches(diagram, @"^ +(\S+) --> (\S+?)(?::|$)", RegexOptions.Multiline)
            .Select(match => (From: match.Groups[1].Value, To: match.Groups[2].Value))
            .ToList();

        Assert.Equal(transitions.Order(), drawn.Order());
        Assert.Equal(states.Order(), drawn.Select(arrow => arrow.To).Where(state => state != Outside).Distinct().Order());
    }

    private static TaskRecord? TaskAfter(ImmutableArray<Action<QueueUnderTest>> path)
    {
        var queue = new QueueUnderTest();
        foreach (var step in path)
        {
            step(queue);
        }

        return queue.State.Tasks.GetValueOrDefault(new("t"));
    }

    private static void OnLease(QueueUnderTest queue, Action<LeaseEpoch> step)
    {
        if (queue.State.Tasks.GetValueOrDefault(new("t")) is { Lease: { } lease })
        {
            step(lease.Epoch);
        }
    }

    private static Action<QueueUnderTest> Decision(FailoverStrategy strategy, int seconds) => queue =>
    {
        if (queue.State.Tasks.GetValueOrDefault(new("t")) is { Pending: not null })
        {
            queue.Reassign("t", strategy, reassign => reassign with { Delay = TimeSpan.FromSeconds(seconds) });
        }
    };

    private static Unpark TakingBack(QueueUnderTest queue) => new()
    {
        TaskId = new("t"),
        FailureId = queue.State.Tasks.GetValueOrDefault(new("t")) is { Failures: [.., { } last] } ? last.FailureId : Failure,
        Reason = "spec",
    };

    private static void PassADay(QueueUnderTest queue)
    {
        queue.Pass(86_400);
        queue.ApplyDue();
    }

    /// <summary>Only workers of the next queue are there, for longer than a task waits for its own.</summary>
    private static void GoUnserved(QueueUnderTest queue)
    {
        queue.Pass(700);
        var profile = QueueUnderTest.CpuProfile with { Queues = [QueueUnderTest.Batch] };
        var ready = new ProfileCount { Profile = profile, Live = 1, Ready = 1, SomeReady = [Worker] };
        var fleet = FleetView.Empty.With(new FleetSlice { Bucket = 0, Profiles = [ready] });
        if (UnservedTasks.Decide(queue.State, [new("t")], fleet, queue.Settings.Queues, queue.Now) is { } unserved)
        {
            queue.Apply(unserved);
        }
    }

    private static void Forget(QueueUnderTest queue)
    {
        if (TaskRetention.Decide(queue.State, queue.Settings.Queues with { FinishedKept = 0 }, 0, 500, queue.Now) is { } forgotten)
        {
            queue.Apply(forgotten);
        }
    }

    private static string LivenessOf(WorkerState worker) =>
        worker.IsRegistered || worker.Unregistered ? worker.Liveness.ToString() : Outside;

    private static IEnumerable<WorkerState> WorkersAfter(WorkerState worker)
    {
        var registration = new WorkerRegistration { WorkerId = Worker, Capability = WorkerCapability.Cpu, InstanceId = new("i") };
        yield return worker.Apply(WorkerMembership.Register(worker, registration, holding: false, new("l"), T0, new(), T0).Event!);
        foreach (var step in worker.IsRegistered ? WorkerSteps : [])
        {
            yield return step(worker) is { } happened ? worker.Apply(happened) : worker;
        }

        if (WorkerRetention.MayForget(worker with { Fences = [] }, isBeyondKept: false, WorkerDefaults, T0.AddDays(30)))
        {
            yield return WorkerState.Unknown(Worker);
        }
    }
}
