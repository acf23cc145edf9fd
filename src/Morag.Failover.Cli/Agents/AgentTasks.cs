using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>The tasks that this agent holds. It is thread-safe.</summary>
internal sealed class AgentTasks(int slots, TimeProvider clock)
{
    // The node may have written one answer before it granted the lease, so a command ends only after two consecutive answers.
    private const int UnlistedBeforeRevoked = 2;

    private readonly Lock changing = new();
    private readonly Dictionary<LeaseKey, AgentTask> tasks = [];
    private int stuck;
    private TaskCompletionSource roomSignal = New();

    /// <summary>The number of free slots.</summary>
    public int Free
    {
        get
        {
            lock (changing)
            {
                return Math.Max(0, slots - tasks.Count - stuck);
            }
        }
    }

    /// <summary>The number of running commands.</summary>
    public int Running
    {
        get
        {
            lock (changing)
            {
                return tasks.Values.Count(task => !task.Finished);
            }
        }
    }

    /// <summary>Adds a task; null if the agent already holds the lease, because an answer was repeated.</summary>
    public AgentTask? TryAdd(LeasedTask lease)
    {
        lock (changing)
        {
            var key = new LeaseKey(lease.TaskId, lease.Epoch);
            if (tasks.ContainsKey(key))
            {
                return null;
            }

            var task = new AgentTask(lease, clock);
            tasks.Add(key, task);
            return task;
        }
    }

    /// <summary>Marks a command as ended. The task stays held until its outcome is delivered.</summary>
    /// <returns>False if it was already marked.</returns>
    public bool Finish(AgentTask task)
    {
        lock (changing)
        {
            var first = !task.Finished;
            task.Finished = true;
            return first;
        }
    }

    /// <summary>Occupies a slot until the work is done: a process that cannot be killed uses the machine without a lease.</summary>
    public async Task OccupySlotAsync(Task work)
    {
        lock (changing)
        {
            stuck++;
        }

        try
        {
            await work;
        }
        finally
        {
            lock (changing)
            {
                stuck--;
                SignalRoom();
            }
        }
    }

    /// <summary>Removes a task. Does nothing if the agent does not hold it.</summary>
    public void Remove(LeaseKey key)
    {
        lock (changing)
        {
            if (tasks.Remove(key, out var task))
            {
                task.Dispose();
                SignalRoom();
            }
        }
    }

    /// <summary>Ends the command of a revoked lease. An outcome that waits for delivery stays, and the node decides about it.</summary>
    public bool Revoke(LeaseKey key)
    {
        lock (changing)
        {
            return tasks.TryGetValue(key, out var task) && !task.Finished && task.Revoke();
        }
    }

    public HeldByWorker[] Snapshot()
    {
        lock (changing)
        {
            return [.. tasks.Keys.Select(key => new HeldByWorker { TaskId = key.TaskId, Epoch = key.Epoch })];
        }
    }

    /// <summary>Compares the agent's leases with those that the node lists.</summary>
    /// <param name="listed">The leases in the heartbeat. Later ones cannot be in its answer.</param>
    /// <param name="believed">The leases in the answer.</param>
    /// <returns>The leases that were revoked.</returns>
    public LeaseKey[] Reconcile(IEnumerable<HeldByWorker> listed, IEnumerable<HeldLease> believed)
    {
        var known = new Dictionary<LeaseKey, HeldLease>();
        foreach (var lease in believed)
        {
            known[new LeaseKey(lease.TaskId, lease.Epoch)] = lease;
        }

        var lost = new List<LeaseKey>();
        lock (changing)
        {
            foreach (var key in listed.Select(held => new LeaseKey(held.TaskId, held.Epoch)))
            {
                if (!tasks.TryGetValue(key, out var task))
                {
                    continue;
                }

                if (known.TryGetValue(key, out var lease))
                {
                    task.TimesUnlisted = 0;
                    task.SetDeadline(lease.Deadline);
                }
                else if (++task.TimesUnlisted >= UnlistedBeforeRevoked && !task.Finished && task.Revoke())
                {
                    lost.Add(key);
                }
            }
        }

        return [.. lost];
    }

    /// <summary>Waits until there is a free slot.</summary>
    public Task WaitForRoomAsync(CancellationToken cancellation)
    {
        lock (changing)
        {
            return tasks.Count + stuck < slots ? Task.CompletedTask : roomSignal.Task.WaitAsync(cancellation);
        }
    }

    private void SignalRoom()
    {
        roomSignal.TrySetResult();
        roomSignal = New();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
