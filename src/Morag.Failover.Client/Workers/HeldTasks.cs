using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Workers;

/// <summary>The tasks that this worker holds. It is thread-safe.</summary>
internal sealed class HeldTasks(int slots, TimeProvider clock)
{
    // The node may have written one answer before it granted the lease, so the work ends only after two consecutive answers.
    private const int UnlistedBeforeRevoked = 2;

    private readonly Lock changing = new();
    private readonly Dictionary<LeaseKey, WorkerTask> tasks = [];
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

    /// <summary>The number of running tasks.</summary>
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

    /// <summary>Adds a task; null if the worker already holds the lease, because an answer was repeated.</summary>
    public WorkerTask? TryAdd(LeasedTask lease)
    {
        lock (changing)
        {
            var key = new LeaseKey(lease.TaskId, lease.Epoch);
            if (tasks.ContainsKey(key))
            {
                return null;
            }

            var task = new WorkerTask(lease, clock);
            tasks.Add(key, task);
            return task;
        }
    }

    /// <summary>Marks the work as ended. The task stays held until its outcome is delivered.</summary>
    /// <returns>False if it was already marked.</returns>
    public bool Finish(WorkerTask task)
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

    /// <summary>Removes a task. Does nothing if the worker does not hold it.</summary>
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

    /// <summary>Ends the work of a revoked lease. An outcome that waits for delivery stays, and the node decides about it.</summary>
    public bool Revoke(LeaseKey key)
    {
        lock (changing)
        {
            return tasks.TryGetValue(key, out var task) && !task.Finished && task.Revoke();
        }
    }

    /// <summary>Moves the deadline of a lease. Does nothing if the worker does not hold it.</summary>
    public void Extend(LeaseKey key, DateTimeOffset deadline)
    {
        lock (changing)
        {
            if (tasks.TryGetValue(key, out var task))
            {
                task.ExtendTo(deadline);
            }
        }
    }

    public HeldByWorker[] Snapshot()
    {
        lock (changing)
        {
            return [.. tasks.Values.Select(task => task.ToHeld())];
        }
    }

    /// <summary>Compares the worker's leases with those that the node lists.</summary>
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
                    if (lease.Deadline is { } deadline)
                    {
                        task.ExtendTo(deadline);
                    }
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
