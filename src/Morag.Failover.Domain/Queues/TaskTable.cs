using System.Diagnostics.CodeAnalysis;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// The tasks of a queue partition by id, in ordinal order: an immutable B+ tree. It takes about 25 bytes for each task, and a change copies
/// one node of each level, so a snapshot can read one version while the queue continues with later ones.
/// </summary>
public sealed class TaskTable
{
    /// <summary>The most entries of a node.</summary>
    private const int Width = 32;

    public static readonly TaskTable Empty = new(null, 0);

    private readonly Node? root;

    private TaskTable(Node? root, int count)
    {
        this.root = root;
        Count = count;
    }

    public int Count { get; }

    public bool IsEmpty => Count == 0;

    /// <summary>The tasks, sorted by id.</summary>
    public IEnumerable<TaskRecord> Values => root is null ? [] : root.From(null);

    /// <summary>Gets a task.</summary>
    /// <exception cref="KeyNotFoundException">There is no task with this id.</exception>
    public TaskRecord this[TaskId id] => GetValueOrDefault(id) ?? throw new KeyNotFoundException($"There is no task {id}.");

    /// <summary>Builds a table of many tasks in one go.</summary>
    /// <param name="tasks">The tasks, in any order.</param>
    /// <exception cref="ArgumentException">Two tasks have the same id.</exception>
    public static TaskTable Of(IReadOnlyCollection<TaskRecord> tasks)
    {
        if (tasks.Count == 0)
        {
            return Empty;
        }

        var sorted = tasks.ToArray();
        var ids = Array.ConvertAll(sorted, task => task.TaskId.Value);
        // Snapshots list their unfinished tasks in this order already.
        if (!IsAscending(ids))
        {
            Array.Sort(ids, sorted, StringComparer.Ordinal);
            if (!IsAscending(ids))
            {
                throw new ArgumentException("Two tasks have the same id.", nameof(tasks));
            }
        }

        Node[] level = [.. Starts(ids.Length).Select(at => new Leaf(
            ids.AsSpan(at, Math.Min(Width, ids.Length - at)).ToArray(), sorted.AsSpan(at, Math.Min(Width, ids.Length - at)).ToArray()))];
        while (level.Length > 1)
        {
            level = [.. level.Chunk(Width).Select(Inner.Of)];
        }

        return new(level[0], ids.Length);
    }

    public TaskRecord? GetValueOrDefault(TaskId id) => root?.Find(id.Value);

    public bool TryGetValue(TaskId id, [NotNullWhen(true)] out TaskRecord? task) => (task = GetValueOrDefault(id)) is not null;

    public bool ContainsKey(TaskId id) => GetValueOrDefault(id) is not null;

    /// <summary>The tasks whose ids come after this one, sorted by id.</summary>
    public IEnumerable<TaskRecord> After(TaskId id) => root is null ? [] : root.From(id.Value);

    /// <summary>Adds a task, or replaces the one with the same id.</summary>
    public TaskTable With(TaskRecord task)
    {
        var id = task.TaskId.Value;
        if (root is null)
        {
            return new(new Leaf([id], [task]), 1);
        }

        var (node, further, added) = root.Put(id, task);
        return new(further is null ? node : Inner.Of([node, further]), Count + (added ? 1 : 0));
    }

    /// <summary>Removes the task with this id, if there is one.</summary>
    public TaskTable Without(TaskId id)
    {
        var node = root?.Remove(id.Value);
        if (ReferenceEquals(node, root))
        {
            return this;
        }

        while (node is Inner { Children: [var only] })
        {
            node = only;
        }

        return new(node, Count - 1);
    }

    private static IEnumerable<int> Starts(int count)
    {
        for (var at = 0; at < count; at += Width)
        {
            yield return at;
        }
    }

    private static bool IsAscending(string[] ids)
    {
        for (var i = 1; i < ids.Length; i++)
        {
            if (string.CompareOrdinal(ids[i - 1], ids[i]) >= 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The index of the first id that is not less than <paramref name="id"/>.</summary>
    private static int LowerBound(string[] ids, string id)
    {
        var (low, high) = (0, ids.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = string.CompareOrdinal(ids[middle], id) < 0 ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>A node. Its ids ascend, without duplicates.</summary>
    private abstract class Node(string[] ids)
    {
        /// <summary>
        /// In a leaf, the ids of its tasks. In an inner node, for each child an id that is not less than any id below it.
        /// </summary>
        public string[] Ids => ids;

        public abstract TaskRecord? Find(string id);

        /// <summary>The tasks after an id; null starts at the first.</summary>
        public abstract IEnumerable<TaskRecord> From(string? after);

        public abstract (Node Node, Node? Further, bool Added) Put(string id, TaskRecord task);

        /// <summary>Removes an id. Returns the node itself if it does not contain the id, and null if nothing is left.</summary>
        public abstract Node? Remove(string id);
    }

    private sealed class Leaf(string[] ids, TaskRecord[] tasks) : Node(ids)
    {
        public override TaskRecord? Find(string id)
        {
            var at = LowerBound(Ids, id);
            return at < Ids.Length && Ids[at] == id ? tasks[at] : null;
        }

        public override IEnumerable<TaskRecord> From(string? after)
        {
            for (var at = 0; at < tasks.Length; at++)
            {
                if (after is null || string.CompareOrdinal(Ids[at], after) > 0)
                {
                    yield return tasks[at];
                }
            }
        }

        public override (Node Node, Node? Further, bool Added) Put(string id, TaskRecord task)
        {
            var at = LowerBound(Ids, id);
            if (at < Ids.Length && Ids[at] == id)
            {
                return (new Leaf(Ids, Replaced(tasks, at, task)), null, false);
            }

            if (Ids.Length < Width)
            {
                return (new Leaf(Inserted(Ids, at, id), Inserted(tasks, at, task)), null, true);
            }

            // Ascending ids fill the leaves completely.
            if (at == Width)
            {
                return (this, new Leaf([id], [task]), true);
            }

            var (longerIds, longer) = (Inserted(Ids, at, id), Inserted(tasks, at, task));
            const int Half = (Width + 1) / 2;
            return (new Leaf(longerIds[..Half], longer[..Half]), new Leaf(longerIds[Half..], longer[Half..]), true);
        }

        public override Node? Remove(string id)
        {
            var at = LowerBound(Ids, id);
            return at == Ids.Length || Ids[at] != id ? this
                : Ids.Length == 1 ? null
                : new Leaf(Removed(Ids, at), Removed(tasks, at));
        }

        public Leaf Joined(Leaf next) => new([.. Ids, .. next.Ids], [.. tasks, .. next.Tasks]);

        private TaskRecord[] Tasks => tasks;
    }

    private sealed class Inner(string[] ids, Node[] children) : Node(ids)
    {
        public Node[] Children => children;

        public static Inner Of(Node[] children) => new(Array.ConvertAll(children, child => child.Ids[^1]), children);

        public override TaskRecord? Find(string id)
        {
            var at = LowerBound(Ids, id);
            return at == children.Length ? null : children[at].Find(id);
        }

        public override IEnumerable<TaskRecord> From(string? after)
        {
            for (var at = after is null ? 0 : LowerBound(Ids, after); at < children.Length; at++)
            {
                foreach (var task in children[at].From(after))
                {
                    yield return task;
                }
            }
        }

        public override (Node Node, Node? Further, bool Added) Put(string id, TaskRecord task)
        {
            var at = Math.Min(LowerBound(Ids, id), children.Length - 1);
            var (child, further, added) = children[at].Put(id, task);
            var changed = Replaced(children, at, child);
            if (further is null)
            {
                // Only an id after all others changes the last child's bound.
                return (new Inner(string.CompareOrdinal(Ids[at], id) < 0 ? Replaced(Ids, at, id) : Ids, changed), null, added);
            }

            // Ascending ids start a new node if they belong after this one. The last child's bound may be an id that is gone.
            if (children.Length == Width && ReferenceEquals(child, children[^1]) && string.CompareOrdinal(Ids[^1], id) < 0)
            {
                return (this, Of([further]), added);
            }

            var (longerIds, longer) = (
                Inserted(Replaced(Ids, at, child.Ids[^1]), at + 1, further.Ids[^1]), Inserted(changed, at + 1, further));
            const int Half = (Width + 1) / 2;
            return longer.Length <= Width
                ? (new Inner(longerIds, longer), null, added)
                : (new Inner(longerIds[..Half], longer[..Half]), new Inner(longerIds[Half..], longer[Half..]), added);
        }

        public override Node? Remove(string id)
        {
            var at = LowerBound(Ids, id);
            if (at == children.Length)
            {
                return this;
            }

            var child = children[at].Remove(id);
            if (ReferenceEquals(child, children[at]))
            {
                return this;
            }

            if (child is null)
            {
                return children.Length == 1 ? null : new Inner(Removed(Ids, at), Removed(children, at));
            }

            // A node that is nearly empty merges with the next one if both fit into half a node.
            return at + 1 < children.Length && child.Ids.Length + children[at + 1].Ids.Length <= Width / 2
                ? new Inner(Removed(Ids, at), Removed(Replaced(children, at + 1, Joined(child, children[at + 1])), at))
                : new Inner(Ids, Replaced(children, at, child));
        }

        private static Node Joined(Node first, Node next) => (first, next) switch
        {
            (Leaf left, Leaf right) => left.Joined(right),
            (Inner left, Inner right) => new Inner([.. left.Ids, .. right.Ids], [.. left.Children, .. right.Children]),
            _ => throw new InvalidOperationException("The nodes of one level must be of the same kind."),
        };
    }

    private static T[] Replaced<T>(T[] items, int at, T item)
    {
        var changed = items.AsSpan().ToArray();
        changed[at] = item;
        return changed;
    }

    private static T[] Inserted<T>(T[] items, int at, T item)
    {
        var longer = new T[items.Length + 1];
        items.AsSpan(0, at).CopyTo(longer);
        longer[at] = item;
        items.AsSpan(at).CopyTo(longer.AsSpan(at + 1));
        return longer;
    }

    private static T[] Removed<T>(T[] items, int at)
    {
        var shorter = new T[items.Length - 1];
        items.AsSpan(0, at).CopyTo(shorter);
        items.AsSpan(at + 1).CopyTo(shorter.AsSpan(at));
        return shorter;
    }
}
