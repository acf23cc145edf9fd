using Akka.Configuration.Hocon;

namespace Morag.Failover.Node.Configuration;

/// <summary>
/// Looks through a parsed configuration before anybody reads it. A substitution is a reference to another value, so the values may go
/// round in a circle, and whoever reads them calls itself for each level.
/// </summary>
internal static class HoconValues
{
    /// <summary>The most levels, counted through substitutions. Enough for any configuration, and few enough for any stack.</summary>
    public const int MaxDepth = 1_000;

    private const int Unbounded = MaxDepth + 1;

    /// <summary>Whether the values have an end within <see cref="MaxDepth"/> levels.</summary>
    public static bool AreBounded(HoconValue root) =>
        HeightOf(root, 1, new Dictionary<HoconValue, int>(ReferenceEqualityComparer.Instance)) <= MaxDepth;

    /// <summary>The levels of a value that is at this depth itself.</summary>
    /// <param name="value">The value.</param>
    /// <param name="depth">Its level, from 1.</param>
    /// <param name="heights">What is known of others: several substitutions may refer to one value, and so on.</param>
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
