using System.Diagnostics.CodeAnalysis;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Progress that was reported too soon after the last stored report of its task, and is not stored yet. One entry for each task, and
/// limited in bytes. It is in memory only.
/// </summary>
public sealed record WaitingProgress
{
    public static readonly WaitingProgress None = new();

    private ImmutableDictionary<TaskId, TaskProgress> byTask = ImmutableDictionary<TaskId, TaskProgress>.Empty;

    private WaitingProgress()
    {
    }

    public bool IsEmpty => byTask.IsEmpty;

    public int Count => byTask.Count;

    /// <summary>The bytes that wait.</summary>
    public long Bytes { get; private init; }

    public IEnumerable<KeyValuePair<TaskId, TaskProgress>> All => byTask;

    /// <summary>What waits of a task.</summary>
    public bool TryFind(TaskId task, [NotNullWhen(true)] out TaskProgress? progress) => byTask.TryGetValue(task, out progress);

    /// <summary>Replaces what waits of a task.</summary>
    public WaitingProgress With(TaskId task, TaskProgress progress) => this with
    {
        byTask = byTask.SetItem(task, progress),
        Bytes = Bytes - SizeOf(task) + TaskRecord.SizeOf(progress),
    };

    /// <summary>Drops what an event has stored.</summary>
    public WaitingProgress Without(ProgressReported stored) =>
        stored.Tasks.Aggregate(this, static (waiting, task) => waiting.Without(task.TaskId));

    public WaitingProgress Without(TaskId task) => byTask.ContainsKey(task)
        ? this with { byTask = byTask.Remove(task), Bytes = Bytes - SizeOf(task) }
        : this;

    /// <summary>The bytes that wait of a task; 0 if nothing does.</summary>
    public long SizeOf(TaskId task) => TaskRecord.SizeOf(byTask.GetValueOrDefault(task));
}
