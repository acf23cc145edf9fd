namespace Morag.Failover.Domain.Sizes;

/// <summary>Divides what is stored, sent or listed so that every piece keeps to a number of bytes.</summary>
public static class ByteBounds
{
    /// <summary>Splits records into runs of at most <paramref name="maxBytes"/>, in their order; at least one run, which may be empty.</summary>
    /// <param name="records">The records.</param>
    /// <param name="bytesOf">The estimated size of one record in bytes.</param>
    /// <param name="maxBytes">The most bytes in one run, unless a single record is larger.</param>
    public static IEnumerable<ImmutableArray<T>> InRuns<T>(this IEnumerable<T> records, Func<T, long> bytesOf, long maxBytes)
    {
        var run = ImmutableArray.CreateBuilder<T>();
        var bytes = 0L;
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

    /// <summary>
    /// The first entries of a list, at most <paramref name="limit"/> of them and <paramref name="maxBytes"/>, and whether it has more.
    /// A first entry that is larger comes alone, so that whoever reads page by page always gets on.
    /// </summary>
    /// <param name="entries">The entries in the order of the list.</param>
    /// <param name="limit">The most entries.</param>
    /// <param name="bytesOf">The estimated size of one entry in bytes.</param>
    /// <param name="maxBytes">The most bytes.</param>
    public static (ImmutableArray<T> Entries, bool HasMore) FirstPage<T>(
        this IEnumerable<T> entries, int limit, Func<T, long> bytesOf, long maxBytes)
    {
        var page = ImmutableArray.CreateBuilder<T>();
        var bytes = 0L;
        foreach (var entry in entries)
        {
            bytes += bytesOf(entry);
            if (page.Count == limit || (page.Count > 0 && bytes > maxBytes))
            {
                return (page.DrainToImmutable(), true);
            }

            page.Add(entry);
        }

        return (page.DrainToImmutable(), false);
    }
}
