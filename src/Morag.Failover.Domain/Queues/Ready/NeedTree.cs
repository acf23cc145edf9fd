namespace Morag.Failover.Domain.Queues.Ready;

/// <summary>
/// Ordered items in an immutable B+ tree. Each node knows the least need below it, so the first item that fits a caller is found in
/// logarithmic time, however many items before it do not fit. An empty tree is null.
/// </summary>
public abstract partial class NeedTree<TItem>
    where TItem : struct, INeedItem<TItem>
{
    /// <summary>The most items of a leaf, and the most children of an inner node.</summary>
    private const int Width = 32;

    private double leastOther = double.PositiveInfinity;
    private string? leastExcluded;

    private NeedTree()
    {
    }

    public int Count { get; private set; }

    /// <summary>The least need of any item.</summary>
    public double Least { get; private set; } = double.PositiveInfinity;

    /// <summary>The greatest need of any item.</summary>
    public double Greatest { get; private set; } = double.NegativeInfinity;

    private protected abstract TItem Last { get; }

    private protected abstract int Slots { get; }

    /// <summary>Adds an item, or replaces the one at the same place.</summary>
    public NeedTree<TItem> With(in TItem item)
    {
        var (tree, further) = Insert(item);
        return further is null ? tree : new Inner([tree, further]);
    }

    /// <summary>Removes the item at that place; null if none is left.</summary>
    public NeedTree<TItem>? Without(in TItem item)
    {
        var tree = Delete(item);
        while (tree is Inner { Children: [var only] })
        {
            tree = only;
        }

        return tree;
    }

    /// <summary>Whether some item fits a caller.</summary>
    /// <param name="offer">What the caller offers.</param>
    /// <param name="caller">The caller, which some items may exclude; null ignores that.</param>
    public bool Admits(double offer, string? caller) =>
        (caller is null || leastExcluded is null || leastExcluded != caller ? Least : leastOther) <= offer;

    /// <summary>Finds the first item that fits a caller.</summary>
    public bool TryFirst(double offer, string? caller, out TItem item)
    {
        if (Admits(offer, caller))
        {
            return First(offer, caller, out item);
        }

        item = default;
        return false;
    }

    /// <summary>Finds the first item after a place that fits a caller.</summary>
    public abstract bool TryAfter(in TItem place, double offer, string? caller, out TItem item);

    /// <summary>The items, in order.</summary>
    public abstract IEnumerable<TItem> Items();

    /// <summary>The items that need more than this, in order. Skips subtrees without one.</summary>
    public abstract IEnumerable<TItem> Above(double offer);

    /// <summary>How many items need more than this.</summary>
    public abstract int CountAbove(double offer);

    /// <summary>The least need above this; infinity if there is none.</summary>
    public abstract double LeastAbove(double offer);

    private protected abstract (NeedTree<TItem> Tree, NeedTree<TItem>? Further) Insert(in TItem item);

    private protected abstract NeedTree<TItem>? Delete(in TItem item);

    /// <summary>Finds the first item that fits a caller, in a tree that has one.</summary>
    private protected abstract bool First(double offer, string? caller, out TItem item);

    private void Absorb(double least, string? excluded, double other)
    {
        if (least < Least)
        {
            leastOther = Math.Min(leastExcluded == excluded ? leastOther : Least, other);
            (Least, leastExcluded) = (least, excluded);
        }
        else
        {
            leastOther = Math.Min(leastOther, leastExcluded == excluded ? other : least);
        }
    }

    internal static NeedTree<TItem> Single(in TItem item) => new Leaf([item]);

    internal static NeedTree<TItem> OfSorted(ReadOnlySpan<TItem> items)
    {
        var level = new List<NeedTree<TItem>>((items.Length / Width) + 1);
        for (var from = 0; from < items.Length; from += Width)
        {
            level.Add(new Leaf(items[from..Math.Min(from + Width, items.Length)].ToArray()));
        }

        while (level.Count > 1)
        {
            level = [.. level.Chunk(Width).Select(NeedTree<TItem> (children) => new Inner(children))];
        }

        return level[0];
    }

    private static bool Takes(in TItem item, double offer, string? caller) =>
        item.Need <= offer && (caller is null || item.Excluded is null || item.Excluded != caller);

    private sealed partial class Leaf : NeedTree<TItem>
    {
        private readonly TItem[] items;

        public Leaf(TItem[] items)
        {
            this.items = items;
            Count = items.Length;
            foreach (ref readonly var item in items.AsSpan())
            {
                var need = item.Need;
                Greatest = Math.Max(Greatest, need);
                Absorb(need, item.Excluded, double.PositiveInfinity);
            }
        }

        private protected override TItem Last => items[^1];

        private protected override int Slots => items.Length;

        public override bool TryAfter(in TItem place, double offer, string? caller, out TItem item)
        {
            var index = IndexOf(place, out var found);
            return ScanFrom(found ? index + 1 : index, offer, caller, out item);
        }

        public override IEnumerable<TItem> Items() => items;

        public override IEnumerable<TItem> Above(double offer) => Greatest > offer ? items.Where(item => item.Need > offer) : [];

        public override int CountAbove(double offer) =>
            Least > offer ? Count : Greatest <= offer ? 0 : items.Count(item => item.Need > offer);

        public override double LeastAbove(double offer) =>
            Least > offer
                ? Least
                : items.Select(item => item.Need).Where(need => need > offer).DefaultIfEmpty(double.PositiveInfinity).Min();

        public Leaf Joined(Leaf next) => new([.. items, .. next.items]);

        private protected override bool First(double offer, string? caller, out TItem item) => ScanFrom(0, offer, caller, out item);

        private protected override (NeedTree<TItem> Tree, NeedTree<TItem>? Further) Insert(in TItem item)
        {
            var index = IndexOf(item, out var found);
            if (found)
            {
                var replaced = (TItem[])items.Clone();
                replaced[index] = item;
                return (new Leaf(replaced), null);
            }

            // Places mostly ascend: a full leaf stays full, and a new one starts after it.
            if (items.Length == Width && index == Width)
            {
                return (this, new Leaf([item]));
            }

            var longer = new TItem[items.Length + 1];
            items.AsSpan(0, index).CopyTo(longer);
            longer[index] = item;
            items.AsSpan(index).CopyTo(longer.AsSpan(index + 1));
            return longer.Length <= Width
                ? (new Leaf(longer), null)
                : (new Leaf(longer[..(Width / 2)]), new Leaf(longer[(Width / 2)..]));
        }

        private protected override NeedTree<TItem>? Delete(in TItem item)
        {
            var index = IndexOf(item, out var found);
            if (!found)
            {
                return this;
            }

            if (items.Length == 1)
            {
                return null;
            }

            var shorter = new TItem[items.Length - 1];
            items.AsSpan(0, index).CopyTo(shorter);
            items.AsSpan(index + 1).CopyTo(shorter.AsSpan(index));
            return new Leaf(shorter);
        }

        private bool ScanFrom(int index, double offer, string? caller, out TItem item)
        {
            for (; index < items.Length; index++)
            {
                if (Takes(items[index], offer, caller))
                {
                    item = items[index];
                    return true;
                }
            }

            item = default;
            return false;
        }

        /// <summary>The position of the item, present or not.</summary>
        private int IndexOf(in TItem item, out bool found)
        {
            var (low, high) = (0, items.Length - 1);
            while (low <= high)
            {
                var middle = (low + high) >>> 1;
                var order = TItem.Compare(items[middle], item);
                if (order == 0)
                {
                    found = true;
                    return middle;
                }

                (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
            }

            found = false;
            return low;
        }
    }

    private sealed partial class Inner : NeedTree<TItem>
    {
        private readonly TItem last;

        public Inner(NeedTree<TItem>[] children)
        {
            Children = children;
            last = children[^1].Last;
            foreach (var child in children)
            {
                Count += child.Count;
                Greatest = Math.Max(Greatest, child.Greatest);
                Absorb(child.Least, child.leastExcluded, child.leastOther);
            }
        }

        public NeedTree<TItem>[] Children { get; }

        private protected override TItem Last => last;

        private protected override int Slots => Children.Length;

        public override bool TryAfter(in TItem place, double offer, string? caller, out TItem item)
        {
            var index = ChildFor(place);
            if (Children[index].Admits(offer, caller) && Children[index].TryAfter(place, offer, caller, out item))
            {
                return true;
            }

            return FirstFrom(index + 1, offer, caller, out item);
        }

        public override IEnumerable<TItem> Items() => Children.SelectMany(child => child.Items());

        public override IEnumerable<TItem> Above(double offer) =>
            Children.Where(child => child.Greatest > offer).SelectMany(child => child.Above(offer));

        public override int CountAbove(double offer) =>
            Least > offer ? Count : Greatest <= offer ? 0 : Children.Sum(child => child.CountAbove(offer));

        public override double LeastAbove(double offer) =>
            Least > offer ? Least : Children.Where(
                child => child.Greatest > offer).Select(child => child.LeastAbove(offer)).DefaultIfEmpty(double.PositiveInfinity).Min();

        private protected override bool First(double offer, string? caller, out TItem item) => FirstFrom(0, offer, caller, out item);

        private protected override (NeedTree<TItem> Tree, NeedTree<TItem>? Further) Insert(in TItem item)
        {
            var index = ChildFor(item);
            var (child, further) = Children[index].Insert(item);
            if (further is null)
            {
                return (With(index, child), null);
            }

            if (Children.Length == Width && index == Width - 1)
            {
                return (With(index, child), new Inner([further]));
            }

            var longer = new NeedTree<TItem>[Children.Length + 1];
            Children.AsSpan(0, index).CopyTo(longer);
            (longer[index], longer[index + 1]) = (child, further);
            Children.AsSpan(index + 1).CopyTo(longer.AsSpan(index + 2));
            return longer.Length <= Width
                ? (new Inner(longer), null)
                : (new Inner(longer[..(Width / 2)]), new Inner(longer[(Width / 2)..]));
        }

        private protected override NeedTree<TItem>? Delete(in TItem item)
        {
            var index = ChildFor(item);
            var before = Children[index];
            var child = before.Delete(item);
            if (ReferenceEquals(child, before))
            {
                return this;
            }

            if (child is null)
            {
                return Children.Length == 1 ? null : new Inner([.. Children[..index], .. Children[(index + 1)..]]);
            }

            // A node that is nearly empty merges with the next one if both fit into half a node.
            return index + 1 < Children.Length && child.Slots + Children[index + 1].Slots <= Width / 2
                ? new Inner([.. Children[..index], Joined(child, Children[index + 1]), .. Children[(index + 2)..]])
                : With(index, child);
        }

        private static NeedTree<TItem> Joined(NeedTree<TItem> first, NeedTree<TItem> next) => (first, next) switch
        {
            (Leaf left, Leaf right) => left.Joined(right),
            (Inner left, Inner right) => new Inner([.. left.Children, .. right.Children]),
            _ => throw new InvalidOperationException("the nodes of one level are of one kind"),
        };

        private Inner With(int index, NeedTree<TItem> child)
        {
            var changed = (NeedTree<TItem>[])Children.Clone();
            changed[index] = child;
            return new Inner(changed);
        }

        private bool FirstFrom(int index, double offer, string? caller, out TItem item)
        {
            for (; index < Children.Length; index++)
            {
                if (Children[index].Admits(offer, caller))
                {
                    return Children[index].First(offer, caller, out item);
                }
            }

            item = default;
            return false;
        }

        /// <summary>The child for a place, present or not.</summary>
        private int ChildFor(in TItem place)
        {
            var (low, high) = (0, Children.Length - 1);
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                (low, high) = TItem.Compare(Children[middle].Last, place) < 0 ? (middle + 1, high) : (low, middle);
            }

            return low;
        }
    }
}

public static class NeedTree
{
    /// <summary>A tree of one item.</summary>
    public static NeedTree<TItem> Of<TItem>(in TItem item)
        where TItem : struct, INeedItem<TItem> => NeedTree<TItem>.Single(item);

    /// <summary>Builds a tree of many items in one go.</summary>
    /// <param name="items">One or more items, sorted by place, with no duplicates.</param>
    public static NeedTree<TItem> OfSorted<TItem>(ReadOnlySpan<TItem> items)
        where TItem : struct, INeedItem<TItem> => NeedTree<TItem>.OfSorted(items);
}
