using Morag.Failover.Client.Connection;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.History;
using Morag.Failover.Simulation.Clusters;

namespace Morag.Failover.Simulation.Clients;

/// <summary>
/// A worker as the agent is one: it registers, sends heartbeats, leases, runs tasks and delivers outcomes until they are answered. When a
/// node does not answer, it moves on to the next one.
/// </summary>
internal sealed class ModelWorker
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Forever = TimeSpan.FromDays(1000);

    private readonly Running running;
    private readonly Dictionary<(TaskId Task, LeaseEpoch Epoch), Work> held = [];
    private WorkerRegistration registration;
    private int starts;
    private int slot;
    private bool isAlive;
    private bool isRegistered;
    private bool isLeasing;
    private RequestId? request;

    public ModelWorker(Running running, WorkerRegistration registration)
    {
        this.running = running;
        this.registration = registration;
        slot = running.World.Random.Next(running.Cluster.Count);
    }

    public string Id => registration.WorkerId.Value;

    /// <summary>Whether it is alive, and calls of it get through to a live node.</summary>
    public bool ReachesNode => isAlive && running.Gateways.Reaches(Id);

    /// <summary>Whether it is alive and runs a task.</summary>
    public bool Runs(TaskId task) => isAlive && held.Keys.Any(lease => lease.Task == task);

    /// <summary>Starts: a new instance that holds nothing.</summary>
    public void Start()
    {
        held.Clear();
        starts++;
        (isAlive, isRegistered, isLeasing, request) = (true, false, false, null);
        registration = registration with { InstanceId = new($"{Id}-{starts}") };
        running.Record(new WorkerStarted(running.World.Now, Id));
        Register();
        BeatLater();
    }

    /// <summary>Dies without a word.</summary>
    public void Die()
    {
        isAlive = false;
        starts++;
    }

    private TimeSpan Interval => TimeSpan.FromSeconds(registration.HeartbeatIntervalSeconds ?? 10);

    private void Register() => Call(RegionKind.Workers, new RegisterWorker { Registration = registration }, Patience, answer =>
    {
        if (answer is WorkerRegisteredReply)
        {
            isRegistered = true;
            Lease();
        }
        else
        {
            running.World.After(Pause, Live(Register));
        }
    });

    private void Beat() => Beat(failures: 0);

    private void BeatLater() => running.World.After(Interval, Live(Beat));

    /// <summary>Sends a heartbeat, and the next one sooner if nobody answers it, with the limits and pauses of the clients.</summary>
    private void Beat(int failures)
    {
        if (!isRegistered)
        {
            BeatLater();
            return;
        }

        var listed = held.Keys.ToList();
        var beat = new Heartbeat
        {
            WorkerId = registration.WorkerId,
            InstanceId = registration.InstanceId,
            ListsHeld = true,
            Held = [.. listed.Select(lease => new HeldByWorker { TaskId = lease.Task, Epoch = lease.Epoch })],
        };
        Send(beat, new Attempts(listed, failures, Tried: 1));
    }

    private void Send(Heartbeat beat, Attempts attempts)
    {
        var (asked, called) = (running.World.Now, slot);
        Call(RegionKind.Workers, beat, HeartbeatPace.LimitFor(Interval), answer =>
        {
            switch (answer)
            {
                case HeartbeatReply reply:
                    OnAnswer(reply, attempts.Listed);
                    break;
                case Refused { Reason: not RefusalReason.Unavailable } refused:
                    OnRejected(refused);
                    BeatLater();
                    break;
                case null when attempts.Tried < running.Cluster.Count && !running.Gateways.IsAlive(Id, called):
                    // The connection finds that the node is dead, and sends the same call to the next one.
                    var next = attempts with { Tried = attempts.Tried + 1 };
                    running.World.After(TimeUntilFoundDead(running.World.Now - asked), Live(() => Send(beat, next)));
                    break;
                default:
                    var failures = attempts.Failures + 1;
                    var pause = HeartbeatPace.LongestPause(failures, Interval) * (0.5 + (running.World.Random.NextDouble() / 2));
                    running.World.After(pause, Live(() => Beat(failures)));
                    break;
            }
        });
    }

    /// <summary>How much longer a call waits that has got no answer: no longer if the connection was refused.</summary>
    private TimeSpan TimeUntilFoundDead(TimeSpan waited) =>
        waited < HeartbeatPace.LimitFor(Interval) || waited > NodeConnection.DeadAfter ? TimeSpan.Zero : NodeConnection.DeadAfter - waited;

    private void OnAnswer(HeartbeatReply reply, List<(TaskId Task, LeaseEpoch Epoch)> listed)
    {
        var believed = reply.Leases.Select(lease => (lease.TaskId, lease.Epoch)).ToHashSet();
        foreach (var lease in listed)
        {
            DropIfDenied(lease, isDenied: !believed.Contains(lease));
        }

        Lease();
        BeatLater();
    }

    /// <summary>Stops work on a lease that two answers in a row did not list, as the agent does.</summary>
    private void DropIfDenied((TaskId Task, LeaseEpoch Epoch) lease, bool isDenied)
    {
        if (!held.TryGetValue(lease, out var work) || work.IsDone)
        {
            return;
        }

        work.Denials = isDenied ? work.Denials + 1 : 0;
        if (work.Denials == 2)
        {
            held.Remove(lease);
            running.Record(new LeaseDropped(running.World.Now, lease.Task.Value, lease.Epoch.Value, Id));
        }
    }

    private void OnRejected(Refused refused)
    {
        if (!isRegistered)
        {
            return;
        }

        isRegistered = false;
        running.World.After(Pause, Live(refused.Reason == RefusalReason.Conflict ? Start : Register));
    }

    private void Lease()
    {
        var free = registration.MaxConcurrentTasks - held.Count;
        if (isLeasing || !isRegistered || free <= 0)
        {
            return;
        }

        isLeasing = true;
        request ??= new($"{registration.InstanceId}-{running.NextNumber()}");
        var ask = new RequestLeases
        {
            WorkerId = registration.WorkerId,
            InstanceId = registration.InstanceId,
            MaxTasks = free,
            Wait = running.Pace.LeaseWait,
            RequestId = request,
        };
        Call(RegionKind.Workers, ask, running.Pace.LeaseWait + Patience, answer =>
        {
            isLeasing = false;
            switch (answer)
            {
                case LeasesGranted granted:
                    request = null;
                    foreach (var lease in granted.Leases)
                    {
                        Begin(lease);
                    }

                    running.World.After(granted.Leases.IsEmpty ? running.Pace.IdlePause : TimeSpan.Zero, Live(Lease));
                    break;
                case Refused { Reason: not RefusalReason.Unavailable } refused:
                    request = null;
                    OnRejected(refused);
                    break;
                default:
                    running.World.After(Pause, Live(Lease));
                    break;
            }
        });
    }

    private void Begin(LeasedTask lease)
    {
        var key = (lease.TaskId, lease.Epoch);
        if (!held.TryAdd(key, new Work()))
        {
            return;
        }

        running.Record(new LeaseReceived(running.World.Now, lease.TaskId.Value, lease.Epoch.Value, Id));
        var hangs = running.World.Random.NextDouble() < running.Pace.HangingTasks;
        var share = Math.Pow(running.World.Random.NextDouble(), running.Pace.TaskSkew);
        var takes = TimeSpan.FromSeconds(1) + (running.Pace.LongestTask * share);
        running.World.After(hangs ? Forever : takes, Live(() =>
        {
            if (held.TryGetValue(key, out var work))
            {
                work.IsDone = true;
                work.DoneAt = running.World.Now;
                Deliver(key, work, running.World.Random.Next(5) == 0 ? Failure(lease) : Completion(lease));
            }
        }));
    }

    private (RegionKind, IWireMessage) Completion(LeasedTask lease) => (RegionKind.Queues, new CompleteTasks
    {
        Partition = Partition.Of(lease.TaskId, running.Settings.Partitions.Queues),
        WorkerId = registration.WorkerId,
        Completions = [new TaskCompletion { TaskId = lease.TaskId, Epoch = lease.Epoch, Result = JsonText.Of(new { by = Id }) }],
    });

    private (RegionKind, IWireMessage) Failure(LeasedTask lease) => (RegionKind.Coordinators, new ReportFailure
    {
        TaskId = lease.TaskId,
        WorkerId = registration.WorkerId,
        Epoch = lease.Epoch,
        FailureType = running.AnyFailureType(),
        ErrorMessage = "simulated",
        Source = ReportSource.LeaseHolder,
        InstanceId = registration.InstanceId,
    });

    /// <summary>Delivers an outcome until it is answered.</summary>
    private void Deliver((TaskId Task, LeaseEpoch Epoch) key, Work work, (RegionKind Kind, IWireMessage Message) outcome) =>
        Call(outcome.Kind, outcome.Message, Patience, answer =>
        {
            var refusal = answer is LeaseResults { Results: [var result] } ? result.Refused : answer as Refused;
            if (answer is null || refusal is { Reason: RefusalReason.Unavailable })
            {
                running.World.After(Pause, Live(() => Deliver(key, work, outcome)));
                return;
            }

            held.Remove(key);
            if (answer is LeaseResults && refusal is null)
            {
                running.Record(new CompletionAccepted(running.World.Now, work.DoneAt, key.Task.Value, key.Epoch.Value, Id));
            }

            Lease();
        });

    private void Call(RegionKind kind, IWireMessage message, TimeSpan patience, Action<IWireMessage?> then)
    {
        var (life, called) = (starts, slot);
        running.Gateways.Call(Id, called, kind, message, patience, answer =>
        {
            if (!isAlive || starts != life)
            {
                return;
            }

            // Not if another call that failed has moved on already: two would lead back to the node that does not answer.
            if (answer is null or Refused { Reason: RefusalReason.Unavailable } && slot == called)
            {
                slot = NextAfter(called, isLost: answer is null);
            }

            then(answer);
        });
    }

    /// <summary>The next node. After a call without an answer, it is the first one that the connection finds alive.</summary>
    private int NextAfter(int called, bool isLost)
    {
        var others = Enumerable.Range(1, running.Cluster.Count - 1).Select(step => (called + step) % running.Cluster.Count);
        return (isLost ? others.Where(other => running.Gateways.IsAlive(Id, other)).Select(other => (int?)other).FirstOrDefault() : null)
            ?? (called + 1) % running.Cluster.Count;
    }

    private Action Live(Action action)
    {
        var life = starts;
        return () =>
        {
            if (isAlive && starts == life)
            {
                action();
            }
        };
    }

    /// <summary>The attempts to send a heartbeat.</summary>
    /// <param name="Listed">The leases in it.</param>
    /// <param name="Failures">How many heartbeats before it failed in a row.</param>
    /// <param name="Tried">How many nodes got this one.</param>
    private sealed record Attempts(List<(TaskId Task, LeaseEpoch Epoch)> Listed, int Failures, int Tried);

    private sealed class Work
    {
        public bool IsDone { get; set; }

        public int Denials { get; set; }

        public TimeSpan DoneAt { get; set; }
    }
}
