namespace Morag.Failover.Domain.Fleet;

/// <summary>
/// The workers of a bucket that are not registered, the longest known first. Each has a number that rises in that order. Adding a worker,
/// removing one and finding the next one after a number take logarithmic time.
/// </summary>
public sealed record UnregisteredWorkers
{
    private static readonly Comparer<(long Number, WorkerId Worker)> ByNumber =
        Comparer<(long Number, WorkerId Worker)>.Create(static (a, b) => a.Number.CompareTo(b.Number));

    /// <summary>None.</summary>
    public static readonly UnregisteredWorkers Empty = From([]);

    private ImmutableSortedSet<(long Number, WorkerId Worker)> Places { get; init; } = [];

    private ImmutableDictionary<WorkerId, long> Numbers { get; init; } = ImmutableDictionary<WorkerId, long>.Empty;

    private long LastNumber { get; init; }

    /// <summary>How many there are.</summary>
    public int Count => Places.Count;

    /// <summary>All of them.</summary>
    public IEnumerable<WorkerId> OldestFirst => Places.Select(place => place.Worker);

    /// <summary>These, in this order, numbered from 1.</summary>
    /// <param name="workers">The workers.</param>
    /// <param name="byNumber">The comparer of places by their numbers, where a test counts its calls.</param>
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

    /// <summary>With another one, the last in the order; unchanged if it is there.</summary>
    public UnregisteredWorkers Add(WorkerId worker) => Numbers.ContainsKey(worker) ? this : this with
    {
        Places = Places.Add((LastNumber + 1, worker)),
        Numbers = Numbers.Add(worker, LastNumber + 1),
        LastNumber = LastNumber + 1,
    };

    /// <summary>Without one of them; unchanged if it is not there. Its number is not given again.</summary>
    public UnregisteredWorkers Remove(WorkerId worker) => Numbers.TryGetValue(worker, out var number)
        ? this with { Places = Places.Remove((number, worker)), Numbers = Numbers.Remove(worker) }
        : this;

    /// <summary>How many have this number or a lower one.</summary>
    public int CountUpTo(long number)
    {
        var index = Places.IndexOf((number, default));
        return index < 0 ? ~index : index + 1;
    }

    /// <summary>The next ones above a number, in order.</summary>
    public IEnumerable<(long Number, WorkerId Worker)> After(long number, int count)
    {
        var first = CountUpTo(number);
        for (var index = first; index < Places.Count && index - first < count; index++)
        {
            yield return Places[index];
        }
    }
}
