namespace Morag.Persistence.Redis.Tests.Conformance;

/// <summary>Reads in the order of thought: the actual value, then what it should be.</summary>
internal static class Expectations
{
    public static void Should<T>(this T actual, T expected) => Assert.Equal(expected, actual);

    public static void Should<T>(this IEnumerable<T> actual, IEnumerable<T> expected) => Assert.Equal(expected, actual);
}
