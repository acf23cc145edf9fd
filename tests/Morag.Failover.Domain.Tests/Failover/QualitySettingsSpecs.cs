using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Failover;

namespace Morag.Failover.Domain.Tests.Failover;

public sealed class QualitySettingsSpecs
{
    [Theory]
    [InlineData("""{"a":1}""", """{"b":true}""", """{"a":1,"b":true}""")]
    [InlineData("""{"a":{"x":1,"y":2}}""", """{"a":{"y":null,"z":[1,null]}}""", """{"a":{"x":1,"z":[1,null]}}""")]
    [InlineData("null", """{"a":1}""", """{"a":1}""")]
    [InlineData("""{"a":1,"a":{"x":1,"x":2}}""", """{"a":{"y":3,"y":4}}""", """{"a":{"x":2,"y":4}}""")]
    [InlineData("""{"a":1}""", "7", """{"a":1}""")]
    public void Should_merge_whatever_settings_were_accepted(string settings, string rung, string merged) =>
        Assert.Equal(merged, QualitySettings.Merge(JsonText.Trusted(settings), JsonText.Trusted(rung)).Raw);

    [Fact]
    public void Should_merge_settings_that_are_as_deep_as_any_that_are_accepted()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", JsonDepth.MaxOfValue - 1)) + "{}" + new string('}', JsonDepth.MaxOfValue - 1);

        var merged = QualitySettings.Merge(JsonText.Trusted(deep), JsonText.Trusted(deep));

        Assert.Equal(deep, merged.Raw);
        Assert.Null(merged.BrokenObjectRule(16 * 1024));
    }
}
