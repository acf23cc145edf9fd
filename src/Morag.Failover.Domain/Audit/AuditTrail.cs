using Morag.Failover.Contracts.Audit;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Audit;

/// <summary>What operators did, as one coordinator keeps it. An entry that arrives again, with its time and id, counts once.</summary>
public sealed record AuditTrail
{
    // Before Empty, whose set is created with it.
    private static readonly Comparer<AuditEntry> ByTime = Comparer<AuditEntry>.Create(static (a, b) =>
        a.At != b.At ? a.At.CompareTo(b.At) : string.CompareOrdinal(a.Id, b.Id));

    /// <summary>No entries.</summary>
    public static readonly AuditTrail Empty = new();

    /// <summary>The entries, oldest first.</summary>
    public ImmutableSortedSet<AuditEntry> Entries { get; private init; } = ImmutableSortedSet.Create<AuditEntry>(ByTime);

    /// <summary>The estimated size of the entries, in bytes.</summary>
    public long Bytes { get; private init; }

    /// <summary>Adds entries. Known ones are ignored.</summary>
    public AuditTrail With(IEnumerable<AuditEntry> entries)
    {
        var fresh = entries.Where(entry => !Entries.Contains(entry)).ToList();
        return new AuditTrail { Entries = Entries.Union(fresh), Bytes = Bytes + fresh.Sum(WireSize.Of) };
    }

    /// <summary>Those of the entries that are not known.</summary>
    public ImmutableArray<AuditEntry> NewIn(ImmutableArray<AuditEntry> entries) => entries.RemoveAll(Entries.Contains);

    /// <summary>Removes the oldest entries.</summary>
    public AuditTrail WithoutOldest(int count)
    {
        var oldest = Entries.Take(count).ToList();
        return new AuditTrail { Entries = Entries.Except(oldest), Bytes = Bytes - oldest.Sum(WireSize.Of) };
    }

    /// <summary>How many of the oldest entries are to be forgotten now: old ones, and what is beyond the memory limit.</summary>
    public int CountToForget(AuditSettings settings, DateTimeOffset now, int most)
    {
        var (count, left) = (0, Bytes);
        foreach (var entry in Entries)
        {
            if (count == most || (entry.At >= now - settings.Retention && left <= settings.MaxBytes))
            {
                break;
            }

            count++;
            left -= WireSize.Of(entry);
        }

        return count;
    }

    /// <summary>A page of entries, newest first; among those of one time, the highest id first.</summary>
    public AuditPage List(ListAudit query)
    {
        var (entries, hasMore) = Matching(query).FirstPage(query.Limit, WireSize.Of, MessageLimits.MaxGatheredBytes);
        return new AuditPage { Entries = entries, HasMore = hasMore };
    }

    private IEnumerable<AuditEntry> Matching(ListAudit query)
    {
        for (var index = FirstOnPage(query.After); index >= 0; index--)
        {
            var entry = Entries[index];
            if (entry.At < query.Since)
            {
                yield break;
            }

            if (!(entry.At >= query.Until)
                && (query.By is not { } by || entry.By == by)
                && (query.Action is not { } action || entry.Action == action)
                && (query.Target is not { } target || entry.Target == target))
            {
                yield return entry;
            }
        }
    }

    private int FirstOnPage(AuditCursor? after)
    {
        if (after is null)
        {
            return Entries.Count - 1;
        }

        var index = Entries.IndexOf(new AuditEntry { At = after.At, Id = after.Id, Action = default, Target = "" });
        return (index >= 0 ? index : ~index) - 1;
    }
}
