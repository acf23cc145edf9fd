namespace Morag.Failover.Contracts.Wire;

/// <summary>Splits lists into batches and pages that stay within a number of bytes.</summary>
public static class ByteBatches
{
    /// <summary>Splits entries into consecutive batches, in order. Yields at least one batch, which may be empty.</summary>
    /// <param name="entries">The entries.</param>
    /// <param name="bytesOf">The size of one entry, in bytes.</param>
    /// <param name="maxBytes">The most bytes in one batch. A larger entry gets a batch of its own.</param>
    public static IEnumerable<ImmutableArray<T>> InBatches<T>(this IEnumerable<T> entries, Func<T, long> bytesOf, long maxBytes) =>
        entries.InBatches(int.MaxValue, bytesOf, maxBytes);

    /// <summary>Splits entries into consecutive batches, in order. Yields at least one batch, which may be empty.</summary>
    /// <param name="entries">The entries.</param>
    /// <param name="maxCount">The most entries in one batch.</param>
    /// <param name="bytesOf">The size of one entry, in bytes.</param>
    /// <param name="maxBytes">The most bytes in one batch. A larger entry gets a batch of its own.</param>
    public static IEnumerable<ImmutableArray<T>> InBatches<T>(
        this IEnumerable<T> entries, int maxCount, Func<T, long> bytesOf, long maxBytes)
    {
        var batch = ImmutableArray.CreateBuilder<T>();
        var bytes = 0L;
        foreach (var entry in entries)
        {
            var size = bytesOf(entry);
            if (batch.Count == maxCount || (batch.Count > 0 && bytes + size > maxBytes))
            {
                yield return batch.DrainToImmutable();
                bytes = 0;
            }

            batch.Add(entry);
            bytes += size;
        }

        yield return batch.DrainToImmutable();
    }

    /// <summary>
    /// Returns the first entries of a list, and whether there are more. The page has at least one entry if the list has any, so a reader
    /// that asks page by page always makes progress.
    /// </summary>
    /// <param name="entries">The entries, in order.</param>
    /// <param name="maxCount">The most entries on the page.</param>
    /// <param name="bytesOf">The size of one entry, in bytes.</param>
    /// <param name="maxBytes">The most bytes on the page. A larger first entry is the only one on its page.</param>
    public static (ImmutableArray<T> Entries, bool HasMore) FirstPage<T>(
        this IEnumerable<T> entries, int maxCount, Func<T, long> bytesOf, long maxBytes)
    {
        var page = ImmutableArray.CreateBuilder<T>();
        var bytes = 0L;
        foreach (var entry in entries)
        {
            bytes += bytesOf(entry);
            if (page.Count == maxCount || (page.Count > 0 && bytes > maxBytes))
            {
                return (page.DrainToImmutable(), true);
            }

            page.Add(entry);
        }

        return (page.DrainToImmutable(), false);
    }
}
