using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.History;
using Morag.Failover.Simulation.Clusters;

namespace Morag.Failover.Simulation.Clients;

/// <summary>Submits tasks, observes failures and operates: whoever is not a worker. It repeats a call until it is answered.</summary>
internal sealed class ModelUser(Running running, IReadOnlyList<ModelWorker> workers)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly string[] Queues = ["cpu_standard", "cpu_batch", "gpu_priority", "gpu_fallback"];

    private readonly List<TaskId> tasks = [];

    /// <summary>The tasks that it submitted, acknowledged or not.</summary>
    public IReadOnlyList<TaskId> Tasks => tasks;

    /// <summary>Does something, and again after a while until a time.</summary>
    public void ActUntil(TimeSpan end, double meanPause)
    {
        var pause = TimeSpan.FromSeconds(-Math.Log(1 - running.World.Random.NextDouble()) * meanPause);
        running.World.After(pause, () =>
        {
            if (running.World.Now < end)
            {
                Act();
                ActUntil(end, meanPause);
            }
        });
    }

    /// <summary>Lets all workers work again.</summary>
    public void Reopen()
    {
        foreach (var worker in workers.Select(worker => new WorkerId(worker.Id)))
        {
            Ask(RegionKind.Workers, new ResumeWorker { WorkerId = worker }, _ => { });
            Ask(RegionKind.Workers, new SetBreaker { WorkerId = worker, Action = BreakerAction.Reset, Reason = "the end" }, _ => { });
        }
    }

    /// <summary>Asks until there is an answer.</summary>
    public void Ask(RegionKind kind, IWireMessage message, Action<IWireMessage> then) => running.Gateways.Call(
        "user", running.World.Random.Next(running.Cluster.Count), kind, message, Patience, answer =>
        {
            if (answer is null or Refused { Reason: RefusalReason.Unavailable })
            {
                running.World.After(running.World.Seconds(0.5, 2), () => Ask(kind, message, then));
            }
            else
            {
                then(answer);
            }
        });

    private void Act()
    {
        var drawn = running.World.Random.Next(100);
        switch (drawn)
        {
            case < 80:
                Submit();
                break;
            case < 86 when tasks.Count > 0:
                Cancel(tasks[running.World.Random.Next(tasks.Count)]);
                break;
            case < 90 when tasks.Count > 0:
                var requeued = tasks[running.World.Random.Next(tasks.Count)];
                Ask(RegionKind.Queues, new RequeueTask { TaskId = requeued, Reason = "try" }, _ => { });
                break;
            case < 94 when tasks.Count > 0:
                Observe(tasks[running.World.Random.Next(tasks.Count)]);
                break;
            default:
                Operate(new(workers[running.World.Random.Next(workers.Count)].Id), drawn);
                break;
        }
    }

    private void Submit()
    {
        var task = new TaskSubmission
        {
            TaskId = new($"t{tasks.Count}"),
            Queue = new(Queues[running.World.Random.Next(Queues.Length)]),
            Payload = JsonText.Of(new { number = tasks.Count }),
        };
        tasks.Add(task.TaskId);
        var submit = new SubmitTasks { Partition = Partition.Of(task.TaskId, running.Settings.Partitions.Queues), Tasks = [task] };
        Ask(RegionKind.Queues, submit, answer =>
        {
            if (answer is TasksSubmitted { Results: [{ Refused: null }] })
            {
                running.Record(new SubmissionAcknowledged(running.World.Now, task.TaskId.Value));
            }
        });
    }

    private void Cancel(TaskId task) => Ask(RegionKind.Queues, new CancelTask { TaskId = task, Reason = "not wanted" }, answer =>
    {
        if (answer is Done)
        {
            running.Record(new CancellationAcknowledged(running.World.Now, task.Value));
        }
    });

    private void Observe(TaskId task) => Ask(
        RegionKind.Coordinators,
        new ReportFailure
        {
            TaskId = task,
            WorkerId = new(workers[running.World.Random.Next(workers.Count)].Id),
            FailureType = running.AnyFailureType(),
            Source = ReportSource.Observer,
            EventId = new($"e{running.NextNumber()}"),
        },
        _ => { });

    private void Operate(WorkerId worker, int drawn) => Ask(
        RegionKind.Workers,
        (drawn % 6) switch
        {
            0 => new DrainWorker { WorkerId = worker, Reason = "a new disk", Deadline = TimeSpan.FromSeconds(60) },
            1 or 2 => new ResumeWorker { WorkerId = worker },
            3 => new SetBreaker { WorkerId = worker, Action = BreakerAction.Open, Reason = "by hand" },
            4 => new SetBreaker { WorkerId = worker, Action = BreakerAction.Close, Reason = "by hand" },
            _ => new TakeWorkerOffline { WorkerId = worker, Reason = "on fire" },
        },
        _ => { });
}
