using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Tasks;
using Morag.Failover.Node.Logging;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>How far a bulk action is that this node carries out.</summary>
internal sealed class BulkRun(BulkOrder order, int partitions)
{
    private int changed;

    /// <summary>The action.</summary>
    public BulkOrder Order => order;

    /// <summary>The number of queue partitions.</summary>
    public int Partitions => partitions;

    /// <summary>The tasks that they changed.</summary>
    public int Changed => Volatile.Read(ref changed);

    /// <summary>Why it ended early; null if it did not.</summary>
    public string? Problem { get; set; }

    /// <summary>Whether it has ended in every partition.</summary>
    public bool IsOver { get; set; }

    public void Add(int count) => Interlocked.Add(ref changed, count);
}

/// <summary>
/// Carries out bulk actions that were begun on a page, while the reader sees their progress. What a node that stops has left undone is for
/// a new action, with a preview of its own.
/// </summary>
internal sealed class BulkRuns(FailoverGateway gateway, SteadyClock clock, ActivityRecorder activity, ILogger<BulkRuns> log)
{
    private const int Most = 100;

    /// <summary>How long a partition that does not answer is asked again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Dictionary<RequestId, BulkRun> runs = [];
    private readonly List<RequestId> order = [];

    /// <summary>The action with this id, if this node carries it out or did so lately.</summary>
    public BulkRun? Find(RequestId id)
    {
        lock (gate)
        {
            return runs.GetValueOrDefault(id);
        }
    }

    /// <summary>Begins an action, or continues it, unless it is under way here.</summary>
    /// <exception cref="ProblemException">Too many are under way.</exception>
    public void Start(BulkOrder wanted)
    {
        var run = new BulkRun(wanted, gateway.Settings.Partitions.Queues);
        lock (gate)
        {
            if (runs.TryGetValue(wanted.Id, out var known) && !known.IsOver)
            {
                return;
            }

            if (known is null && order.Count >= Most)
            {
                // One that runs must stay: its page shows its progress, and it must not be begun twice.
                var over = order.Find(id => runs[id].IsOver);
                if (!order.Remove(over))
                {
                    throw new ProblemException(Problem.Conflict(
                        null, $"{Most} bulk actions are under way on this node. Wait until one of them has ended"));
                }

                runs.Remove(over);
            }

            if (known is null)
            {
                order.Add(wanted.Id);
            }

            runs[wanted.Id] = run;
        }

        // Apart from the call, whose patience is that of a page.
        _ = Task.Run(() => RunAsync(wanted, run));
    }

    private async Task RunAsync(BulkOrder wanted, BulkRun run)
    {
        CallPatience.Begin();
        try
        {
            await Task.WhenAll(Enumerable.Range(0, run.Partitions).Select(partition => ChangeAsync(
                new() { Partition = partition, Order = wanted, At = clock.GetUtcNow() }, run)));
        }
        catch (OperationCanceledException)
        {
            run.Problem = "the node stopped";
        }
#pragma warning disable CA1031 // Nobody awaits it. The page shows why it ended, and the log has the cause.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            log.BulkEndedEarly(failure, wanted.Id.Value);
            run.Problem = failure.Message;
        }

        run.IsOver = true;
        activity.Signal();
    }

    private async Task ChangeAsync(ChangeTasks change, BulkRun run)
    {
        var isRepeated = false;
        for (var until = clock.GetUtcNow() + Patience; ; await Task.Delay(Pause, gateway.Stopping))
        {
            switch (await gateway.AnswerOfQueue(change, gateway.Stopping))
            {
                case TasksAffected affected:
                    run.Add(isRepeated ? Math.Max(affected.Count, await MarkedAsync(change)) : affected.Count);
                    activity.Signal();
                    return;
                case Refused { Reason: RefusalReason.Unavailable } when clock.GetUtcNow() < until:
                    isRepeated = true;
                    break;
                case Refused refused:
                    run.Problem = refused.Message;
                    return;
                case var other:
                    throw new InvalidOperationException($"ChangeTasks was answered with {other.GetType().Name}");
            }
        }
    }

    /// <summary>
    /// The tasks of a partition that carry the mark of an action. A try without an answer may have changed some, which the answer to the
    /// next try does not count. Zero if the partition does not say.
    /// </summary>
    private async Task<int> MarkedAsync(ChangeTasks change)
    {
        var marked = new SearchTasks
        {
            Partition = change.Partition,
            Filter = BulkEndpoints.FilterOf(change.Order.Id),
            At = change.At,
            Limit = 0,
            Count = true,
        };
        return await gateway.AnswerOfQueue(marked, gateway.Stopping) is TaskMatches { Count: { } count } ? count : 0;
    }
}
