namespace Morag.Persistence.Redis.Tests.Conformance;

/// <summary>Assertions in the form <c>actual.Should(expected)</c>.</summary>
internal static class Expectations
{
    public static void Should<T>(this T actual, T expected) => Assert.Equal(expected, actual);

    public static void Should<T>(this IEnumerable<T> actual, IEnumerable<T> expected) => Assert.Equal(expected, actual);
}
