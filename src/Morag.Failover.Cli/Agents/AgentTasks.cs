using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>The tasks that this agent holds. Any thread may call it.</summary>
internal sealed class AgentTasks(int slots, TimeProvider clock)
{
    // One answer may have been written before the lease was: a command is killed only when two in a row do not know it.
    private const int UnlistedBeforeRevoked = 2;

    private readonly Lock changing = new();
    private readonly Dictionary<LeaseKey, AgentTask> tasks = [];
    private int stuck;
    private TaskCompletionSource roomSignal = New();

    /// <summary>How many more leases there is room for.</summary>
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

    /// <summary>Commands that are running.</summary>
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

    /// <summary>Null where the lease is held already: a repeated answer.</summary>
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

    /// <summary>Its command ended. It stays held until its outcome was delivered. False where that is known already.</summary>
    public bool Finish(AgentTask task)
    {
        lock (changing)
        {
            var first = !task.Finished;
            task.Finished = true;
            return first;
        }
    }

    /// <summary>Takes up one more slot until the work is done: processes that cannot be ended use the machine without a lease.</summary>
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

    /// <summary>It is no longer this agent's; unknown ones are ignored.</summary>
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

    /// <summary>The system took a lease away: its command ends. An outcome that is on its way stays, the system judges it.</summary>
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

    /// <summary>
    /// Takes in what the system believes this agent holds, and answers with the leases that it took away.
    /// </summary>
    /// <param name="listed">What was listed to the system: what came later cannot be in its answer.</param>
    /// <param name="believed">The system's answer.</param>
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
                    task.Arm(lease.Deadline);
                }
                else if (++task.TimesUnlisted >= UnlistedBeforeRevoked && !task.Finished && task.Revoke())
                {
                    lost.Add(key);
                }
            }
        }

        return [.. lost];
    }

    /// <summary>Waits until a task is dropped, unless there is room already.</summary>
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
