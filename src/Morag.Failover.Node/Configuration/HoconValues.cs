using Akka.Configuration.Hocon;

namespace Morag.Failover.Node.Configuration;

/// <summary>
/// Checks a parsed configuration before it is read. A substitution refers to another value, so values can form a cycle, and reading them is
/// recursive.
/// </summary>
internal static class HoconValues
{
    /// <summary>The maximum depth, counted through substitutions. It fits any real configuration and any stack.</summary>
    public const int MaxDepth = 1_000;

    private const int Unbounded = MaxDepth + 1;

    /// <summary>Whether no value is nested deeper than <see cref="MaxDepth"/> levels, which also excludes cycles.</summary>
    public static bool AreBounded(HoconValue root) =>
        HeightOf(root, 1, new Dictionary<HoconValue, int>(ReferenceEqualityComparer.Instance)) <= MaxDepth;

    /// <summary>The number of levels of a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="depth">The depth of the value itself, from 1.</param>
    /// <param name="heights">The known heights, because many substitutions can refer to one value.</param>
    private static int HeightOf(HoconValue value, int depth, Dictionary<HoconValue, int> heights)
    {
        if (heights.TryGetValue(value, out var known))
        {
            return known;
        }

        var height = 1;
        foreach (var below in value.Values.SelectMany(Below))
        {
            height = Math.Max(height, depth == MaxDepth ? Unbounded : 1 + HeightOf(below, depth + 1, heights));
            if (height > MaxDepth)
            {
                return Unbounded;
            }
        }

        return heights[value] = height;
    }

    private static IEnumerable<HoconValue> Below(IHoconElement element) => element switch
    {
        HoconSubstitution { ResolvedValue: { } referred } => [referred],
        HoconObject fields => fields.Items.Values,
        HoconArray items => items,
        HoconValue value => [value],
        _ => [],
    };
}
