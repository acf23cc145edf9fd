using System.Globalization;
using System.Text.RegularExpressions;

namespace Morag.Failover.Processes.Tests.Monitoring;

/// <summary>A time series that <c>/metrics</c> serves.</summary>
internal sealed record ServedSeries(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>What <c>/metrics</c> serves, in the text format of Prometheus.</summary>
internal sealed partial class ServedMetrics
{
    private ServedMetrics(IReadOnlyList<ServedSeries> series, IReadOnlyDictionary<string, string> types) =>
        (Series, Types) = (series, types);

    /// <summary>Every time series.</summary>
    public IReadOnlyList<ServedSeries> Series { get; }

    /// <summary>The types of the metrics, such as <c>histogram</c>, by name.</summary>
    public IReadOnlyDictionary<string, string> Types { get; }

    /// <summary>Reads the text. Throws on a line that it does not understand.</summary>
    public static ServedMetrics Parse(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return new ServedMetrics(
            [.. lines.Where(line => line[0] != '#').Select(ParseLine)],
            lines.Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
                .Select(line => line.Split(' '))
                .ToDictionary(words => words[2], words => words[3], StringComparer.Ordinal));
    }

    /// <summary>The sum of a metric's series with these labels.</summary>
    public double Sum(string name, params (string Name, string Value)[] labels) => Series
        .Where(series => series.Name == name && labels.All(label => series.Labels.GetValueOrDefault(label.Name) == label.Value))
        .Sum(series => series.Value);

    /// <summary>The labels of the series of a metric, or of a series name such as <c>x_bucket</c>.</summary>
    public IReadOnlySet<string> LabelsOf(string name) =>
        Series.Where(series => series.Name == name).SelectMany(series => series.Labels.Keys).ToHashSet();

    private static ServedSeries ParseLine(string line)
    {
        var match = Line().Match(line);
        return match.Success
            ? new ServedSeries(
                match.Groups["name"].Value,
                Label().Matches(match.Groups["labels"].Value)
                    .ToDictionary(label => label.Groups[1].Value, label => label.Groups[2].Value, StringComparer.Ordinal),
                match.Groups["value"].Value switch
                {
                    "+Inf" => double.PositiveInfinity,
                    var value => double.Parse(value, CultureInfo.InvariantCulture),
                })
            : throw new FormatException($"not a line of the format: {line}");
    }

    [GeneratedRegex(@"^(?<name>\w+)(?:\{(?<labels>.*)\})? (?<value>\S+)(?: \d+)?$")]
    private static partial Regex Line();

    [GeneratedRegex(@"(\w+)=""((?:[^""\\]|\\.)*)""")]
    private static partial Regex Label();
}
