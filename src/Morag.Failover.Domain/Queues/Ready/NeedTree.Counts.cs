namespace Morag.Failover.Domain.Queues.Ready;

/// <content>How many items come before another.</content>
public abstract partial class NeedTree<TItem>
{
    /// <summary>How many items before a place need at most this. Subtrees whose items all fit are counted as a whole.</summary>
    public abstract int CountBefore(in TItem place, double offer);

    private sealed partial class Leaf
    {
        public override int CountBefore(in TItem place, double offer)
        {
            var count = 0;
            foreach (var item in items.AsSpan(0, IndexOf(place, out _)))
            {
                count += item.Need <= offer ? 1 : 0;
            }

            return count;
        }
    }

    private sealed partial class Inner
    {
        public override int CountBefore(in TItem place, double offer)
        {
            var index = ChildFor(place);
            var count = Children[index].CountBefore(place, offer);
            for (var earlier = 0; earlier < index; earlier++)
            {
                count += Children[earlier].Count - Children[earlier].CountAbove(offer);
            }

            return count;
        }
    }
}
