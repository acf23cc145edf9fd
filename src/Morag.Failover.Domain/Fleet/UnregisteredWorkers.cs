namespace Morag.Failover.Domain.Fleet;

/// <summary>
/// The unregistered workers of a bucket, longest known first, numbered in that order. Adding, removing, and finding the next worker after a
/// number take logarithmic time.
/// </summary>
public sealed record UnregisteredWorkers
{
    private static readonly Comparer<(long Number, WorkerId Worker)> ByNumber =
        Comparer<(long Number, WorkerId Worker)>.Create(static (a, b) => a.Number.CompareTo(b.Number));

    /// <summary>No workers.</summary>
    public static readonly UnregisteredWorkers Empty = From([]);

    private ImmutableSortedSet<(long Number, WorkerId Worker)> Places { get; init; } = [];

    private ImmutableDictionary<WorkerId, long> Numbers { get; init; } = ImmutableDictionary<WorkerId, long>.Empty;

    private long LastNumber { get; init; }

    /// <summary>The number of workers.</summary>
    public int Count => Places.Count;

    /// <summary>All workers, longest known first.</summary>
    public IEnumerable<WorkerId> OldestFirst => Places.Select(place => place.Worker);

    /// <summary>Creates the set from workers in this order, numbered from 1.</summary>
    /// <param name="workers">The workers.</param>
    /// <param name="byNumber">The comparer of numbers; a test passes one that counts its calls.</param>
    public static UnregisteredWorkers From(IEnumerable<WorkerId> workers, IComparer<(long Number, WorkerId Worker)>? byNumber = null)
    {
        ImmutableArray<(long Number, WorkerId Worker)> places = [.. workers.Select((worker, index) => (index + 1L, worker))];
        return new UnregisteredWorkers
        {
            Places = places.ToImmutableSortedSet(byNumber ?? ByNumber),
            Numbers = places.ToImmutableDictionary(place => place.Worker, place => place.Number),
            LastNumber = places.Length,
        };
    }

    /// <summary>Adds a worker at the end; unchanged if it is in the set.</summary>
    public UnregisteredWorkers Add(WorkerId worker) => Numbers.ContainsKey(worker) ? this : this with
    {
        Places = Places.Add((LastNumber + 1, worker)),
        Numbers = Numbers.Add(worker, LastNumber + 1),
        LastNumber = LastNumber + 1,
    };

    /// <summary>Removes a worker; unchanged if it is not in the set. Its number is not reused.</summary>
    public UnregisteredWorkers Remove(WorkerId worker) => Numbers.TryGetValue(worker, out var number)
        ? this with { Places = Places.Remove((number, worker)), Numbers = Numbers.Remove(worker) }
        : this;

    /// <summary>The number of workers up to and including a number.</summary>
    public int CountUpTo(long number)
    {
        var index = Places.IndexOf((number, default));
        return index < 0 ? ~index : index + 1;
    }

    /// <summary>The next workers above a number, in order.</summary>
    public IEnumerable<(long Number, WorkerId Worker)> After(long number, int count)
    {
        var first = CountUpTo(number);
        for (var index = first; index < Places.Count && index - first < count; index++)
        {
            yield return Places[index];
        }
    }
}
