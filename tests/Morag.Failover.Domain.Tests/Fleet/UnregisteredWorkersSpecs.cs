using Morag.Failover.Contracts.Ids;
using Morag.Failover.Domain.Fleet;

namespace Morag.Failover.Domain.Tests.Fleet;

public sealed class UnregisteredWorkersSpecs
{
    private const int Many = 100_000;

    /// <summary>The height of a balanced tree of so many is under 25; adding and removing may compare twice at each level.</summary>
    private const int MostComparisons = 50;

    [Fact]
    public void Should_compare_no_more_than_the_height_of_a_tree_when_there_are_many()
    {
        var order = new CountingOrder();
        var workers = UnregisteredWorkers.From(Enumerable.Range(1, Many).Select(Worker), order);

        Assert.Equal(99_000, Counted(() => workers.CountUpTo(99_000)));
        Assert.Equal([(99_001, Worker(99_001)), (99_002, Worker(99_002))], Counted(() => workers.After(99_000, 2).ToList()));
        workers = Counted(() => workers.Remove(Worker(70_000)));
        workers = Counted(() => workers.Add(Worker(70_000)));
        Assert.Equal(Many, workers.Count);
        Assert.Equal([(Many + 1, Worker(70_000))], workers.After(Many, 5));

        T Counted<T>(Func<T> call)
        {
            order.Comparisons = 0;
            var result = call();
            Assert.InRange(order.Comparisons, 0, MostComparisons);
            return result;
        }
    }

    [Fact]
    public void Should_never_give_a_number_twice_when_the_last_one_was_removed()
    {
        var workers = UnregisteredWorkers.Empty.Add(Worker(1)).Add(Worker(2)).Remove(Worker(2)).Add(Worker(3)).Add(Worker(3));

        Assert.Equal([(1, Worker(1)), (3, Worker(3))], workers.After(0, 5));
        Assert.Equal(1, workers.CountUpTo(2));
        Assert.Equal([Worker(1), Worker(3)], workers.OldestFirst);
    }

    private static WorkerId Worker(int number) => new($"w{number}");

    private sealed class CountingOrder : IComparer<(long Number, WorkerId Worker)>
    {
        public int Comparisons { get; set; }

        public int Compare((long Number, WorkerId Worker) x, (long Number, WorkerId Worker) y)
        {
            Comparisons++;
            return x.Number.CompareTo(y.Number);
        }
    }
}
