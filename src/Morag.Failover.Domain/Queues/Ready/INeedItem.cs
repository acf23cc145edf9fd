namespace Morag.Failover.Domain.Queues.Ready;

/// <summary>An item of a <see cref="NeedTree{TItem}"/>: it has a place among the others, needs something, and may shun one caller.</summary>
public interface INeedItem<TSelf>
    where TSelf : struct, INeedItem<TSelf>
{
    /// <summary>What a caller must offer at least.</summary>
    double Need { get; }

    /// <summary>The caller that does not get it; null where any may have it.</summary>
    string? Shuns { get; }

    /// <summary>Negative where <paramref name="left"/> comes first, 0 only for the same item.</summary>
    static abstract int Compare(in TSelf left, in TSelf right);
}
