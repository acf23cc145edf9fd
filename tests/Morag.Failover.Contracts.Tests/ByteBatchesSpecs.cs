using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Tests;

public sealed class ByteBatchesSpecs
{
    [Theory]
    [InlineData(new int[0], "")]
    [InlineData(new[] { 10 }, "10")]
    [InlineData(new[] { 11 }, "11")]
    [InlineData(new[] { 4, 6, 1 }, "4,6|1")]
    [InlineData(new[] { 4, 7, 3, 20, 1 }, "4|7,3|20|1")]
    [InlineData(new[] { 1, 1, 1, 1, 1 }, "1,1,1|1,1")]
    public void Should_split_entries_in_order_when_a_batch_reaches_a_limit(int[] sizes, string batches)
    {
        var formed = sizes.InBatches(maxCount: 3, size => size, maxBytes: 10).Select(batch => string.Join(',', batch));

        Assert.Equal(batches, string.Join('|', formed));
    }

    [Theory]
    [InlineData(new int[0], "", false)]
    [InlineData(new[] { 4, 6 }, "4,6", false)]
    [InlineData(new[] { 4, 6, 0 }, "4,6,0", false)]
    [InlineData(new[] { 4, 7 }, "4", true)]
    [InlineData(new[] { 11, 1 }, "11", true)]
    [InlineData(new[] { 1, 1, 1, 1 }, "1,1,1", true)]
    public void Should_end_the_page_and_say_so_when_a_limit_is_reached(int[] sizes, string page, bool hasMore)
    {
        var (entries, more) = sizes.FirstPage(maxCount: 3, size => size, maxBytes: 10);

        Assert.Equal((page, hasMore), (string.Join(',', entries), more));
    }
}
