namespace Morag.Failover.Contracts.Tests;

public sealed class CountedSpecs
{
    [Theory]
    [InlineData(0, "0 tasks")]
    [InlineData(1, "1 task")]
    [InlineData(2, "2 tasks")]
    [InlineData(12_000, "12,000 tasks")]
    public void Should_use_the_singular_when_the_count_is_1(long count, string expected) =>
        Assert.Equal(expected, Counted.Of(count, "task"));
}
