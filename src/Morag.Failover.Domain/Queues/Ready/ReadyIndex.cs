using System.Runtime.InteropServices;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;

namespace Morag.Failover.Domain.Queues.Ready;

/// <summary>What tasks have in common besides amounts of memory and disk space.</summary>
/// <param name="Queue">Their queue.</param>
/// <param name="GpuRequired">Whether they need a GPU.</param>
/// <param name="Typed">Whether they have a content type.</param>
/// <param name="ContentType">Their content type; null for tasks without one and, if <paramref name="Typed"/>, for tasks of any
/// type.</param>
public readonly record struct ReadyKind(QueueName Queue, bool GpuRequired, bool Typed, string? ContentType);

/// <summary>
/// An index of the tasks that can be leased: by kind, and within a kind by needs. Finding a worker's next task costs the same however many
/// other tasks wait. A task with a content type is indexed twice: under its type, for workers that list types, and under any type.
/// </summary>
public sealed class ReadyIndex
{
    public static readonly ReadyIndex Empty = new(ImmutableDictionary<ReadyKind, NeedIndex<ReadyTask>>.Empty, 0);

    private readonly ImmutableDictionary<ReadyKind, NeedIndex<ReadyTask>> kinds;

    private ReadyIndex(ImmutableDictionary<ReadyKind, NeedIndex<ReadyTask>> kinds, int count)
    {
        this.kinds = kinds;
        Count = count;
    }

    public int Count { get; }

    /// <summary>The tasks by kind, each under one kind only.</summary>
    public IEnumerable<KeyValuePair<ReadyKind, NeedIndex<ReadyTask>>> Kinds =>
        kinds.Where(kind => !kind.Key.Typed || kind.Key.ContentType is not null);

    /// <summary>Adds a task.</summary>
    public ReadyIndex With(TaskRecord task)
    {
        var kind = KindOf(task);
        var changed = With(kinds, kind, task);
        return new(kind.Typed ? With(changed, kind with { ContentType = null }, task) : changed, Count + 1);
    }

    /// <summary>Builds an index of many tasks in one go.</summary>
    /// <param name="tasks">The tasks, in any order, with no duplicates.</param>
    public static ReadyIndex Of(IReadOnlyCollection<TaskRecord> tasks)
    {
        var places = new long[tasks.Count];
        var records = new TaskRecord[tasks.Count];
        var next = 0;
        foreach (var task in tasks)
        {
            records[next] = task;
            places[next++] = ReadyTask.PlaceOf(task);
        }

        Array.Sort(places, records);
        var kinds = new Dictionary<ReadyKind, List<(double Need, ReadyTask Item)>>();
        foreach (var task in records)
        {
            var kind = KindOf(task);
            var item = (task.Submission.ResourceRequirements.MemoryGb, ReadyTask.Of(task));
            Add(kind, item);
            if (kind.Typed)
            {
                Add(kind with { ContentType = null }, item);
            }
        }

        return new(kinds.ToImmutableDictionary(kind => kind.Key, kind => NeedIndex.OfSorted(kind.Value)), records.Length);

        void Add(ReadyKind kind, (double Need, ReadyTask Item) item)
        {
            ref var ofKind = ref CollectionsMarshal.GetValueRefOrAddDefault(kinds, kind, out _);
            (ofKind ??= []).Add(item);
        }
    }

    /// <summary>Removes a task that the index contains.</summary>
    public ReadyIndex Without(TaskRecord task)
    {
        var kind = KindOf(task);
        var changed = Without(kinds, kind, task);
        return new(kind.Typed ? Without(changed, kind with { ContentType = null }, task) : changed, Count - 1);
    }

    /// <summary>Adds the trees of one queue in which a worker finds a task.</summary>
    /// <param name="queue">A queue that the worker serves.</param>
    /// <param name="profile">What the worker offers.</param>
    /// <param name="caller">The worker, to exclude tasks that avoid it; null includes them.</param>
    /// <param name="trees">The list that the trees are added to.</param>
    public void CollectTrees(QueueName queue, WorkerProfile profile, string? caller, List<NeedTree<ReadyTask>> trees)
    {
        if (Count == 0)
        {
            return;
        }

        CollectTrees(queue, gpuRequired: false, profile, caller, trees);
        if (profile.GpuCount > 0)
        {
            CollectTrees(queue, gpuRequired: true, profile, caller, trees);
        }
    }

    private void CollectTrees(QueueName queue, bool gpuRequired, WorkerProfile profile, string? caller, List<NeedTree<ReadyTask>> trees)
    {
        var untyped = new ReadyKind(queue, gpuRequired, Typed: false, ContentType: null);
        CollectTrees(untyped, profile, caller, trees);
        var typed = untyped with { Typed = true };
        if (profile.ContentTypes.IsDefaultOrEmpty)
        {
            CollectTrees(typed, profile, caller, trees);
        }
        else if (kinds.ContainsKey(typed))
        {
            foreach (var contentType in profile.ContentTypes)
            {
                CollectTrees(typed with { ContentType = contentType }, profile, caller, trees);
            }
        }
    }

    private void CollectTrees(ReadyKind kind, WorkerProfile profile, string? caller, List<NeedTree<ReadyTask>> trees)
    {
        if (kinds.TryGetValue(kind, out var tasks))
        {
            tasks.CollectTrees(profile.MemoryGb, profile.DiskGb, caller, trees);
        }
    }

    private static ReadyKind KindOf(TaskRecord task) => new(
        task.Queue,
        task.Submission.ResourceRequirements.GpuRequired,
        task.Submission.ContentType is not null,
        task.Submission.ContentType);

    private static ImmutableDictionary<ReadyKind, NeedIndex<ReadyTask>> With(
        ImmutableDictionary<ReadyKind, NeedIndex<ReadyTask>> kinds, ReadyKind kind, TaskRecord task)
    {
        var need = task.Submission.ResourceRequirements.MemoryGb;
        var ready = ReadyTask.Of(task);
        return kinds.SetItem(kind, kinds.TryGetValue(kind, out var tasks) ? tasks.With(need, ready) : NeedIndex.Of(need, ready));
    }

    private static ImmutableDictionary<ReadyKind, NeedIndex<ReadyTask>> Without(
        ImmutableDictionary<ReadyKind, NeedIndex<ReadyTask>> kinds, ReadyKind kind, TaskRecord task) =>
        kinds[kind].Without(task.Submission.ResourceRequirements.MemoryGb, ReadyTask.Of(task)) is { } left
            ? kinds.SetItem(kind, left)
            : kinds.Remove(kind);
}
