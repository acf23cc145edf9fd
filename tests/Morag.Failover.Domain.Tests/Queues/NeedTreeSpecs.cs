using CsCheck;
using Morag.Failover.Domain.Queues.Ready;

namespace Morag.Failover.Domain.Tests.Queues;

public sealed class NeedTreeSpecs
{
    private static readonly Gen<(int Place, int Need, int Excluded, bool In)[]> Changes =
        Gen.Select(Gen.Int[0, 400], Gen.Int[0, 20], Gen.Int[0, 3], Gen.Bool).Array[1, 1_500];

    [Fact]
    public void Should_agree_with_a_linear_search_after_any_changes() => Changes.Sample(
        changes =>
        {
            var model = new SortedDictionary<long, Item>();
            NeedTree<Item>? tree = null;
            foreach (var (place, need, excluded, isIn) in changes)
            {
                var item = new Item(place, need, excluded == 0 ? null : $"w{excluded}");
                if (isIn)
                {
                    model[place] = item;
                    tree = tree is null ? NeedTree.Of(item) : tree.With(item);
                }
                else
                {
                    model.Remove(place);
                    tree = tree?.Without(item);
                }
            }

            CheckAgainst(model, tree);
            CheckAgainst(model, model.Count == 0 ? null : NeedTree.OfSorted<Item>([.. model.Values]));
        },
        iter: 200);

    private static void CheckAgainst(SortedDictionary<long, Item> model, NeedTree<Item>? tree)
    {
        Assert.Equal(model.Values, tree?.Items() ?? []);
        for (var offer = -1; offer <= 21 && tree is not null; offer += 2)
        {
            foreach (var caller in new[] { null, "w1", "w2", "w4" })
            {
                Assert.Equal(
                    model.Values.Where(item => item.Need <= offer && (caller is null || item.Excluded != caller)),
                    Found(tree, offer, caller));
            }

            foreach (var place in new[] { -1, 0, 57, 200, 401 })
            {
                var before = model.Values.Count(item => item.Place < place && item.Need <= offer);
                Assert.Equal(before, tree.CountBefore(new Item(place, 0, null), offer));
            }

            var above = model.Values.Where(item => item.Need > offer).ToList();
            Assert.Equal(above, tree.Above(offer));
            Assert.Equal((above.Count, above.Select(item => item.Need).DefaultIfEmpty(double.PositiveInfinity).Min()), (
                tree.CountAbove(offer), tree.LeastAbove(offer)));
        }
    }

    [Theory]
    [InlineData(10)]
    [InlineData(10_000)]
    public void Should_examine_few_items_when_many_before_the_match_do_not_fit(int before)
    {
        var tree = NeedTree.Of(new Item(before, 1, null));
        for (var place = 0; place < before; place++)
        {
            tree = tree.With(new Item(place, 2, null)).With(new Item(before + 1 + place, 1, "w"));
        }

        tree = tree.With(new Item(3 * before, 1, null));
        Item.Looks = 0;
        Assert.Equal([before, 3L * before], Found(tree, 1, "w").Select(item => item.Place));
        Assert.InRange(Item.Looks, 1, 200);
    }

    private static IEnumerable<Item> Found(NeedTree<Item> tree, double offer, string? caller)
    {
        for (var more = tree.TryFirst(offer, caller, out var item); more; more = tree.TryAfter(item, offer, caller, out item))
        {
            yield return item;
        }
    }

    internal readonly record struct Item(long Place, double Needed, string? ExcludedCaller) : INeedItem<Item>
    {
        [ThreadStatic]
        public static int Looks;

        public double Need
        {
            get
            {
                Looks++;
                return Needed;
            }
        }

        public string? Excluded => ExcludedCaller;

        public static int Compare(in Item left, in Item right) => left.Place.CompareTo(right.Place);
    }
}
