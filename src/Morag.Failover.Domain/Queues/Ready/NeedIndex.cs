namespace Morag.Failover.Domain.Queues.Ready;

/// <summary>
/// An index of items by two needs. Items are divided into classes by the first need; each class orders its items in a tree that knows the
/// least second need. A caller's offer covers most classes entirely. Only the class that the offer falls into is divided further, by 16,
/// down to exact values. So a caller searches few trees, and each finds the first matching item without examining others. An empty index is
/// null.
/// </summary>
public sealed class NeedIndex<TItem>
    where TItem : struct, INeedItem<TItem>
{
    /// <summary>The first 12 bits of a number, its sign and exponent, are its class.</summary>
    private const int MantissaBits = 52;

    private readonly NeedClass<TItem>[] classes;

    private NeedIndex(NeedClass<TItem>[] classes)
    {
        this.classes = classes;
        foreach (var @class in classes)
        {
            Count += @class.Tree.Count;
        }
    }

    public int Count { get; }

    /// <summary>The classes by powers of two, smallest first.</summary>
    public IReadOnlyList<NeedClass<TItem>> Classes => classes;

    /// <summary>Adds an item.</summary>
    /// <param name="need">Its first need.</param>
    /// <param name="item">The item, which has its second need.</param>
    public NeedIndex<TItem> With(double need, in TItem item)
    {
        var key = SortableNumber.Of(need);
        var index = IndexOf(key);
        var @class = NeedClass<TItem>.Of(key, item);
        return index < classes.Length && IsOf(classes[index], key)
            ? new([.. classes[..index], classes[index].With(key, item), .. classes[(index + 1)..]])
            : new([.. classes[..index], @class, .. classes[index..]]);
    }

    /// <summary>Removes an item; null if none is left.</summary>
    public NeedIndex<TItem>? Without(double need, in TItem item)
    {
        var key = SortableNumber.Of(need);
        var index = IndexOf(key);
        if (index == classes.Length || !IsOf(classes[index], key))
        {
            return this;
        }

        if (classes[index].Without(key, item) is { } left)
        {
            return new([.. classes[..index], left, .. classes[(index + 1)..]]);
        }

        return classes.Length == 1 ? null : new([.. classes[..index], .. classes[(index + 1)..]]);
    }

    /// <summary>Adds the trees in which a caller with these offers finds an item.</summary>
    public void CollectTrees(double firstOffer, double secondOffer, string? caller, List<NeedTree<TItem>> trees)
    {
        var most = SortableNumber.Of(firstOffer);
        foreach (var @class in classes)
        {
            if (@class.From > most)
            {
                return;
            }

            @class.CollectTrees(most, secondOffer, caller, trees);
        }
    }

    /// <summary>The items, each once.</summary>
    public IEnumerable<TItem> Items() => classes.SelectMany(@class => @class.Tree.Items());

    internal static NeedIndex<TItem> Single(double need, in TItem item) => new([NeedClass<TItem>.Of(SortableNumber.Of(need), item)]);

    internal static NeedIndex<TItem> OfSorted(IReadOnlyList<(double Need, TItem Item)> items)
    {
        var classes = new SortedDictionary<ulong, List<(ulong Key, TItem Item)>>();
        var current = new List<(ulong Key, TItem Item)>();
        var last = ulong.MaxValue;
        foreach (var (need, item) in items)
        {
            var key = SortableNumber.Of(need);
            if (key >> MantissaBits != last)
            {
                last = key >> MantissaBits;
                if (!classes.TryGetValue(last, out current!))
                {
                    classes.Add(last, current = []);
                }
            }

            current.Add((key, item));
        }

        return new([.. classes.Values.Select(@class => NeedClass<TItem>.OfSorted([.. @class]))]);
    }

    private static bool IsOf(NeedClass<TItem> @class, ulong key) => @class.From >> MantissaBits == key >> MantissaBits;

    /// <summary>The position of a number's class, present or not.</summary>
    private int IndexOf(ulong key)
    {
        var index = 0;
        while (index < classes.Length && classes[index].From >> MantissaBits < key >> MantissaBits)
        {
            index++;
        }

        return index;
    }
}

public static class NeedIndex
{
    /// <summary>An index of one item.</summary>
    /// <param name="need">Its first need.</param>
    /// <param name="item">The item, which has its second need.</param>
    public static NeedIndex<TItem> Of<TItem>(double need, in TItem item)
        where TItem : struct, INeedItem<TItem> => NeedIndex<TItem>.Single(need, item);

    /// <summary>Builds an index of many items in one go.</summary>
    /// <param name="items">One or more items with their first needs, sorted by place, with no duplicates.</param>
    public static NeedIndex<TItem> OfSorted<TItem>(IReadOnlyList<(double Need, TItem Item)> items)
        where TItem : struct, INeedItem<TItem> => NeedIndex<TItem>.OfSorted(items);
}

/// <summary>The items whose first need is within bounds. If it has more than one value, they are divided by the next four bits.</summary>
public sealed class NeedClass<TItem>
    where TItem : struct, INeedItem<TItem>
{
    private const int BitsOfPart = 4;

    private readonly int shift;

    private NeedClass(ulong from, ulong to, int shift, NeedTree<TItem> tree, NeedClass<TItem>[] parts)
    {
        From = from;
        To = to;
        this.shift = shift;
        Tree = tree;
        Parts = parts;
    }

    public NeedTree<TItem> Tree { get; }

    /// <summary>The parts, smallest first; empty if all items have the same first need.</summary>
    public NeedClass<TItem>[] Parts { get; }

    /// <summary>The least first need of any item in these bounds.</summary>
    public double LeastNeed => SortableNumber.ToDouble(From);

    /// <summary>The greatest first need of any item in these bounds.</summary>
    public double GreatestNeed => SortableNumber.ToDouble(To);

    internal ulong From { get; }

    internal ulong To { get; }

    internal static NeedClass<TItem> Of(ulong key, in TItem item) => new(key, key, 0, NeedTree.Of(item), []);

    internal static NeedClass<TItem> OfSorted((ulong Key, TItem Item)[] items)
    {
        var tree = NeedTree.OfSorted<TItem>(Array.ConvertAll(items, item => item.Item));
        var (least, greatest) = (items.Min(item => item.Key), items.Max(item => item.Key));
        if (least == greatest)
        {
            return new(least, least, 0, tree, []);
        }

        var (from, to, shift) = Division(least, greatest);
        return new(from, to, shift, tree, [..
            items.GroupBy(item => Bits(item.Key, shift)).OrderBy(part => part.Key).Select(part => OfSorted([.. part]))]);
    }

    internal NeedClass<TItem> With(ulong key, in TItem item)
    {
        var tree = Tree.With(item);
        if (key < From || key > To)
        {
            return Divided(tree, Of(key, item), key);
        }

        if (Parts.Length == 0)
        {
            return new(From, To, shift, tree, []);
        }

        var index = IndexOf(key);
        return index < Parts.Length && Bits(Parts[index].From) == Bits(key)
            ? new(From, To, shift, tree, [.. Parts[..index], Parts[index].With(key, item), .. Parts[(index + 1)..]])
            : new(From, To, shift, tree, [.. Parts[..index], Of(key, item), .. Parts[index..]]);
    }

    internal NeedClass<TItem>? Without(ulong key, in TItem item)
    {
        if (key < From || key > To || Tree.Without(item) is not { } tree)
        {
            return key < From || key > To ? this : null;
        }

        var index = IndexOf(key);
        if (index == Parts.Length || Bits(Parts[index].From) != Bits(key))
        {
            return new(From, To, shift, tree, Parts);
        }

        NeedClass<TItem>[] parts = Parts[index].Without(key, item) is { } left
            ? [.. Parts[..index], left, .. Parts[(index + 1)..]]
            : [.. Parts[..index], .. Parts[(index + 1)..]];
        return parts.Length == 1 ? parts[0] : new(From, To, shift, tree, parts);
    }

    internal void CollectTrees(ulong most, double secondOffer, string? caller, List<NeedTree<TItem>> trees)
    {
        if (From > most || !Tree.Admits(secondOffer, caller))
        {
            return;
        }

        if (To <= most)
        {
            trees.Add(Tree);
            return;
        }

        foreach (var part in Parts)
        {
            part.CollectTrees(most, secondOffer, caller, trees);
        }
    }

    /// <summary>A class around this one and another value, divided at the first bits in which they differ.</summary>
    private NeedClass<TItem> Divided(NeedTree<TItem> tree, NeedClass<TItem> other, ulong key)
    {
        var (from, to, shiftOfParts) = Division(From, key);
        return new(from, to, shiftOfParts, tree, key < From ? [other, this] : [this, other]);
    }

    /// <summary>The bounds of the smallest class that holds both values, and the bits that divide it.</summary>
    private static (ulong From, ulong To, int Shift) Division(ulong one, ulong other)
    {
        var differs = 63 - System.Numerics.BitOperations.LeadingZeroCount(one ^ other);
        var shift = differs / BitsOfPart * BitsOfPart;
        var mask = (1UL << (shift + BitsOfPart)) - 1;
        return (one & ~mask, one | mask, shift);
    }

    private static ulong Bits(ulong key, int shift) => (key >> shift) & ((1 << BitsOfPart) - 1);

    private ulong Bits(ulong key) => Bits(key, shift);

    private int IndexOf(ulong key)
    {
        var index = 0;
        while (index < Parts.Length && Bits(Parts[index].From) < Bits(key))
        {
            index++;
        }

        return index;
    }
}

/// <summary>Doubles as integers that sort the same way.</summary>
internal static class SortableNumber
{
    public static ulong Of(double number)
    {
        // Turns minus zero into zero.
        var bits = BitConverter.DoubleToInt64Bits(number + 0.0);
        return (ulong)(bits ^ ((bits >> 63) | long.MinValue));
    }

    public static double ToDouble(ulong key)
    {
        var bits = (long)key;
        return BitConverter.Int64BitsToDouble(bits < 0 ? bits ^ long.MinValue : ~bits);
    }
}
