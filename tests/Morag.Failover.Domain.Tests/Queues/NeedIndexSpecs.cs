using CsCheck;
using Morag.Failover.Domain.Queues.Ready;
using Item = Morag.Failover.Domain.Tests.Queues.NeedTreeSpecs.Item;

namespace Morag.Failover.Domain.Tests.Queues;

public sealed class NeedIndexSpecs
{
    private static readonly double[] Usual = [0, 1, 2, 4, 7.5, 8, 16, 24, 32, -8, -4, 0.1];

    private static readonly Gen<double> Memory =
        Gen.OneOf(Gen.Int[0, Usual.Length - 1].Select(i => Usual[i]), Gen.Double[-64, 64], Gen.Double[8, 8.0001]);

    private static readonly Gen<(int Place, double First, int Second, bool In)[]> Changes =
        Gen.Select(Gen.Int[0, 60], Memory, Gen.Int[0, 9], Gen.Int[0, 2].Select(i => i > 0)).Array[1, 300];

    [Fact]
    public void Should_agree_with_a_linear_search_after_any_changes() => Gen.Select(Changes, Memory.Array[4]).Sample(
        (changes, offers) =>
        {
            var model = new SortedDictionary<int, (double First, Item Item)>();
            NeedIndex<Item>? index = null;
            foreach (var (place, first, second, isIn) in changes)
            {
                if (model.Remove(place, out var old))
                {
                    index = index!.Without(old.First, old.Item);
                }

                if (isIn)
                {
                    model[place] = (first, new Item(place, second, null));
                    index = index is null ? NeedIndex.Of(first, model[place].Item) : index.With(first, model[place].Item);
                }
            }

            Assert.Equal(model.Count, index?.Count ?? 0);
            var atOnce = model.Count == 0 ? null : NeedIndex.OfSorted([.. model.Values.Select(item => (item.First, item.Item))]);
            Assert.Equal(Shape(index?.Classes), Shape(atOnce?.Classes));
            foreach (var offer in offers.Concat(model.Values.Select(item => item.First)))
            {
                var takes = model.Values.Where(item => item.First <= offer && item.Item.Need <= 5).Select(item => item.Item).ToList();
                Assert.Equal(takes, index is null ? [] : Found(index, offer, 5).OrderBy(item => item.Place));
                Assert.Equal(takes, atOnce is null ? [] : Found(atOnce, offer, 5).OrderBy(item => item.Place));
            }
        },
        iter: 500);

    [Fact]
    public void Should_examine_few_items_when_a_hundred_thousand_tasks_need_different_amounts()
    {
        // The two needs run against each other and no task fits: the worst case for an index by one number.
        var (unlike, alike) = (NeedIndex.Of(0, new Item(0, 0, null)), NeedIndex.Of(0, new Item(0, 0, null)));
        for (var i = 1; i <= 100_000; i++)
        {
            unlike = unlike.With(64 + (i / 10_000.0), new Item(i, 112 - (i / 10_000.0) + 64.001, null));
            alike = alike.With(64, new Item(i, 112, null));
        }

        Assert.InRange(LooksAt(unlike, 72, 167), 1, 4_000);
        Assert.InRange(LooksAt(alike, 63, 111), 1, 100);

        static int LooksAt(NeedIndex<Item> index, double first, double second)
        {
            Item.Looks = 0;
            var trees = new List<NeedTree<Item>>();
            index.CollectTrees(first, second, null, trees);
            Assert.InRange(trees.Count, 1, 150);
            Assert.All(trees, tree => Assert.True(tree.TryFirst(second, null, out _)));
            return Item.Looks;
        }
    }

    /// <summary>The classes and their items, at every depth.</summary>
    private static string Shape(IReadOnlyList<NeedClass<Item>>? classes) => string.Join(' ', (classes ?? []).Select(Shape));

    private static string Shape(NeedClass<Item> @class)
    {
        var places = string.Join(',', @class.Tree.Items().Select(item => item.Place));
        return $"{@class.LeastNeed:R}..{@class.GreatestNeed:R}[{places}]({Shape(@class.Parts)})";
    }

    private static IEnumerable<Item> Found(NeedIndex<Item> index, double first, double second)
    {
        var trees = new List<NeedTree<Item>>();
        index.CollectTrees(first, second, null, trees);
        foreach (var tree in trees)
        {
            for (var more = tree.TryFirst(second, null, out var item); more; more = tree.TryAfter(item, second, null, out item))
            {
                yield return item;
            }
        }
    }
}
