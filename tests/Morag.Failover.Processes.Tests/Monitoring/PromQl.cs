using System.Text.RegularExpressions;

namespace Morag.Failover.Processes.Tests.Monitoring;

/// <summary>A metric in a query, with the labels that the query needs of it.</summary>
internal sealed record UsedMetric(string Name, IReadOnlySet<string> Labels);

/// <summary>Finds the metrics and labels that a query names. It knows as much of PromQL as our files use.</summary>
internal static partial class PromQl
{
    /// <summary>The metrics of a query. Labels that it groups by are needed of each.</summary>
    public static IEnumerable<UsedMetric> MetricsOf(string query)
    {
        var grouped = Grouping().Matches(query).SelectMany(match => Words(match.Groups[1].Value)).ToHashSet();
        var rest = Grouping().Replace(query, " ");
        foreach (Match match in Selector().Matches(rest))
        {
            var labels = Matcher().Matches(match.Groups["labels"].Value).Select(label => label.Groups[1].Value);
            yield return new UsedMetric(match.Groups["name"].Value, labels.Concat(grouped).ToHashSet());
        }
    }

    /// <summary>The labels that a legend or an annotation shows, such as <c>{{instance}}</c>.</summary>
    public static IEnumerable<string> LabelsShown(string text) => Shown().Matches(text).Select(match => match.Groups[1].Value);

    private static string[] Words(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"\b(?<name>(?:morag|http|kestrel|dotnet)_\w+)(?:\{(?<labels>[^}]*)\})?")]
    private static partial Regex Selector();

    [GeneratedRegex(@"(\w+)\s*(?:=~|!~|!=|=)")]
    private static partial Regex Matcher();

    [GeneratedRegex(@"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")]
    private static partial Regex Shown();
}
