using System.Reflection;
using Morag.Failover.TestRules;

namespace Morag.Failover.Node.Tests;

/// <summary>A log line or an answer says <c>resource_exhaustion</c>, as the wire does, and never <c>ResourceExhaustion</c>.</summary>
public sealed class EnumTextSpecs
{
    [Theory]
    [InlineData("Morag.Failover.Contracts")]
    [InlineData("Morag.Failover.Domain")]
    [InlineData("Morag.Failover.Actors")]
    [InlineData("Morag.Failover.Node")]
    [InlineData("Morag.Persistence.Redis")]
    [InlineData("Morag.EmbeddedRedis")]
    public void Should_give_enums_in_texts_their_wire_names(string assembly) => Assert.Empty(EnumTexts.In(Assembly.Load(assembly)));

    [Fact]
    public void Should_find_an_enum_that_is_interpolated_or_turned_into_text()
    {
        var found = EnumTexts.In(typeof(EnumTextSpecs).Assembly)
            .Where(place => place.Contains(nameof(DotNetName), StringComparison.Ordinal))
            .ToList();

        Assert.Equal(4, found.Count);
    }

    private static class DotNetName
    {
        public static string Interpolated(DayOfWeek day) => $"on {day}";

        public static string InterpolatedIfAny(DayOfWeek? day) => $"on {day}";

        public static string OfAny<TEnum>(TEnum value)
            where TEnum : struct, Enum => value.ToString();

        public static object[] AsArgumentOfALog(DayOfWeek day) => [.. new List<object> { day }];
    }
}
