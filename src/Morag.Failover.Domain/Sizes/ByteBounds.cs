namespace Morag.Failover.Domain.Snapshots;

/// <summary>Splitting what is stored into parts of bounded size.</summary>
public static class RecordRuns
{
    /// <summary>Splits records into runs of at most <paramref name="maxBytes"/>, in their order; at least one run, which may be empty.</summary>
    /// <param name="records">The records.</param>
    /// <param name="bytesOf">The estimated size of one record as it is stored.</param>
    /// <param name="maxBytes">The most bytes in one run, unless a single record is larger.</param>
    public static IEnumerable<ImmutableArray<T>> InRuns<T>(this IEnumerable<T> records, Func<T, int> bytesOf, int maxBytes)
    {
        var run = ImmutableArray.CreateBuilder<T>();
        var bytes = 0;
        foreach (var record in records)
        {
            var size = bytesOf(record);
            if (run.Count > 0 && bytes + size > maxBytes)
            {
                yield return run.DrainToImmutable();
                bytes = 0;
            }

            run.Add(record);
            bytes += size;
        }

        yield return run.DrainToImmutable();
    }
}
