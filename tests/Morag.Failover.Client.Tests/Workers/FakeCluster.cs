using System.Collections.Concurrent;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Tests.Workers;

/// <summary>A cluster of one worker: it hands out tasks, and believes what the worker reports.</summary>
internal sealed class FakeCluster
{
    private readonly ConcurrentQueue<LeasedTask> waiting = new();
    private readonly ConcurrentDictionary<TaskId, LeasedTask> held = new();
    private long epoch;

    public FakeCluster() => Transport = new FakeTransport(message => throw new NotSupportedException(message.GetType().Name))
    {
        Answer = AnswerAsync,
    };

    public FakeTransport Transport { get; }

    /// <summary>Overrides the answer to a message; null for the usual one.</summary>
    public Func<IWireMessage, IWireMessage?> Instead { get; set; } = static _ => null;

    /// <summary>Another registered instance; null for none.</summary>
    public WorkerInfo? Registered { get; set; }

    public IReadOnlyCollection<LeasedTask> Held => [.. held.Values];

    public void Submit(string task, JsonText payload = default, double seconds = 3600, string? trace = null, JsonText? checkpoint = null)
    {
        var lease = new LeasedTask
        {
            TaskId = new(task),
            Epoch = new(Interlocked.Increment(ref epoch)),
            Queue = new("cpu_standard"),
            Payload = payload,
            Attempt = 1,
            Deadline = DateTimeOffset.UnixEpoch.AddSeconds(seconds),
            RemainingSeconds = seconds,
            TraceParent = trace,
            Checkpoint = checkpoint,
        };
        waiting.Enqueue(lease);
    }

    /// <summary>Takes a lease away, and says so in the session.</summary>
    public void Revoke(string task)
    {
        Assert.True(held.TryRemove(new TaskId(task), out var lease));
        Transport.Signal(new LeaseRevoked { TaskId = lease.TaskId, Epoch = lease.Epoch, Reason = "cancelled by an operator" });
    }

    /// <summary>Takes a lease away without a word.</summary>
    public void Forget(string task) => Assert.True(held.TryRemove(new TaskId(task), out _));

    private async Task<IWireMessage> AnswerAsync(IWireMessage message, CancellationToken cancellation)
    {
        if (Instead(message) is { } other)
        {
            return other;
        }

        return message switch
        {
            GetWorker => Registered ?? throw MoragException.Of(Refused.Unknown("no such worker")),
            RegisterWorker register => new WorkerRegisteredReply { WorkerId = register.WorkerId, Message = "registered" },
            Heartbeat => new HeartbeatReply { Leases = [.. held.Values.Select(Believed)] },
            RequestLeases request => await GrantAsync(request, cancellation),
            CompleteTasks complete => new LeaseResults
            {
                Results = [.. complete.Completions.Select(done => End(done.TaskId, done.Epoch))],
            },
            ReportFailure report => held.TryRemove(report.TaskId, out _)
                ? Decisions.Of(report)
                : throw MoragException.Of(Refused.Unknown("no such task")),
            ReleaseLeases release => new LeaseResults { Results = [.. release.Leases.Select(lease => End(lease.TaskId, lease.Epoch))] },
            ReportProgress report => new LeaseResults { Results = [new() { TaskId = report.TaskId, Epoch = report.Epoch, Stored = true }] },
            UnregisterWorker => Done.Instance,
            _ => throw new NotSupportedException(message.GetType().Name),
        };
    }

    private async Task<LeasesGranted> GrantAsync(RequestLeases request, CancellationToken cancellation)
    {
        while (waiting.IsEmpty)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), cancellation);
        }

        var leases = new List<LeasedTask>();
        while (leases.Count < request.MaxTasks && waiting.TryDequeue(out var lease))
        {
            held[lease.TaskId] = lease;
            leases.Add(lease);
        }

        return new LeasesGranted { Leases = [.. leases] };
    }

    private LeaseResult End(TaskId task, LeaseEpoch of) => new()
    {
        TaskId = task,
        Epoch = of,
        Refused = held.TryRemove(task, out _) ? null : Refused.Conflict("the lease has ended"),
    };

    private static HeldLease Believed(LeasedTask lease) => new()
    {
        TaskId = lease.TaskId,
        Epoch = lease.Epoch,
        Queue = lease.Queue,
        Deadline = lease.Deadline,
    };
}
