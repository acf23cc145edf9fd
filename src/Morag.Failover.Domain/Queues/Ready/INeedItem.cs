namespace Morag.Failover.Domain.Queues.Ready;

/// <summary>An item of a <see cref="NeedTree{TItem}"/>. It has a place in the order, needs an amount, and may exclude one caller.</summary>
public interface INeedItem<TSelf>
    where TSelf : struct, INeedItem<TSelf>
{
    /// <summary>The least that a caller must offer.</summary>
    double Need { get; }

    /// <summary>The caller that may not get the item; null excludes nobody.</summary>
    string? Excluded { get; }

    /// <summary>Negative if <paramref name="left"/> comes first; 0 only for the same item.</summary>
    static abstract int Compare(in TSelf left, in TSelf right);
}
