namespace Morag.Failover.Domain.Workers;

/// <summary>
/// The most recent ids, each with a value, to recognise duplicates. Bounded: the oldest id is forgotten when the capacity is exceeded.
/// </summary>
public sealed class RememberedIds<TId, TValue>
    where TId : notnull
{
    private readonly int capacity;
    private readonly ImmutableDictionary<TId, TValue> values;
    private readonly ImmutableQueue<TId> order;

    /// <summary>Creates an empty set that remembers at most <paramref name="capacity"/> ids.</summary>
    public RememberedIds(int capacity)
        : this(capacity, ImmutableDictionary<TId, TValue>.Empty, ImmutableQueue<TId>.Empty)
    {
    }

    private RememberedIds(int capacity, ImmutableDictionary<TId, TValue> values, ImmutableQueue<TId> order)
    {
        this.capacity = capacity;
        this.values = values;
        this.order = order;
    }

    /// <summary>The remembered ids and their values, oldest first.</summary>
    public IEnumerable<KeyValuePair<TId, TValue>> Items => order.Select(id => KeyValuePair.Create(id, values[id]));

    /// <summary>Whether the id is remembered.</summary>
    public bool Contains(TId id) => values.ContainsKey(id);

    /// <summary>The value of a remembered id.</summary>
    public bool TryGet(TId id, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out TValue value) =>
        values.TryGetValue(id, out value);

    /// <summary>Adds an id. Does nothing if it is remembered already.</summary>
    public RememberedIds<TId, TValue> Add(TId id, TValue value)
    {
        if (values.ContainsKey(id))
        {
            return this;
        }

        var kept = values.Add(id, value);
        var queue = order.Enqueue(id);
        if (kept.Count > capacity)
        {
            queue = queue.Dequeue(out var oldest);
            kept = kept.Remove(oldest);
        }

        return new(capacity, kept, queue);
    }
}
