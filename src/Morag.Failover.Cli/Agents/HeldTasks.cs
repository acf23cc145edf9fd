using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>The tasks that this agent holds. Any thread may call it.</summary>
internal sealed class HeldTasks(int slots, TimeProvider clock)
{
    // One answer may have been written before the lease was: a command is killed only when two in a row do not know it.
    private const int UnlistedBeforeRevoked = 2;

    private readonly Lock changing = new();
    private readonly Dictionary<LeaseKey, HeldTask> tasks = [];
    private TaskCompletionSource roomMade = New();

    /// <summary>How many more leases there is room for.</summary>
    public int Free
    {
        get
        {
            lock (changing)
            {
                return Math.Max(0, slots - tasks.Count);
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
    public HeldTask? Take(LeasedTask lease)
    {
        lock (changing)
        {
            var key = new LeaseKey(lease.TaskId, lease.Epoch);
            if (tasks.ContainsKey(key))
            {
                return null;
            }

            var task = new HeldTask(lease, clock);
            tasks.Add(key, task);
            return task;
        }
    }

    /// <summary>Its command ended. It stays held until its outcome was delivered.</summary>
    public void Finish(HeldTask task)
    {
        lock (changing)
        {
            task.Finished = true;
        }
    }

    /// <summary>It is no longer this agent's; unknown ones are ignored.</summary>
    public void Drop(LeaseKey key)
    {
        lock (changing)
        {
            if (tasks.Remove(key, out var task))
            {
                task.Dispose();
                roomMade.TrySetResult();
                roomMade = New();
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

    public HeldByWorker[] List()
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
        var known = believed.ToDictionary(lease => new LeaseKey(lease.TaskId, lease.Epoch));
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
    public Task RoomAsync(CancellationToken cancellation)
    {
        lock (changing)
        {
            return tasks.Count < slots ? Task.CompletedTask : roomMade.Task.WaitAsync(cancellation);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
