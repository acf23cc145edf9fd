using System.Runtime.CompilerServices;
using Morag.Failover.Actors.Metrics;

namespace Morag.Failover.Actors.Tests.Metrics;

/// <summary>
/// Holds the table in <c>docs/metrics.md</c> to <see cref="FailoverMetrics"/>. After a change run once with <c>MORAG_WRITE_METRICS=1</c>,
/// which writes the table.
/// </summary>
public sealed class MetricsDocumentSpecs
{
    private const string Begin = "<!-- metrics: begin -->\n";
    private const string End = "<!-- metrics: end -->\n";

    [Fact]
    public void Should_document_every_metric_and_no_other()
    {
        var document = File.ReadAllText(DocumentFile()).ReplaceLineEndings("\n");
        var from = document.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var to = document.IndexOf(End, StringComparison.Ordinal);
        var written = document[..from] + Table() + document[to..];
        if (Environment.GetEnvironmentVariable("MORAG_WRITE_METRICS") == "1")
        {
            document = written;
            File.WriteAllText(DocumentFile(), document);
        }

        Assert.True(written == document, "docs/metrics.md differs from FailoverMetrics. Run once with MORAG_WRITE_METRICS=1");
    }

    [Fact]
    public void Should_list_every_metric_once()
    {
        var declared = typeof(FailoverMetrics).GetFields().Select(field => field.GetValue(null)).OfType<Metric>().ToList();

        Assert.Equal(declared.Select(metric => metric.Name).Order(), FailoverMetrics.All.Select(metric => metric.Name).Order());
        Assert.Equal(declared.Count, declared.Select(metric => metric.PrometheusName).Distinct().Count());
    }

    private static string Table() => string.Concat(
        FailoverMetrics.All.Select(Row)
            .Prepend("| metric, and its name for Prometheus | kind, unit | labels | meaning |\n|---|---|---|---|\n"));

    private static string Row(Metric metric) =>
        $"| `{metric.Name}`<br>`{metric.PrometheusName}` | {Word(metric.Kind)}, `{metric.Unit}` | {Labels(metric)} "
        + $"| {metric.Meaning} |\n";

    private static string Word(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Histogram => "histogram",
        MetricKind.Gauge => "gauge",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static string Labels(Metric metric) =>
        metric.Labels.IsEmpty ? "none" : string.Join("<br>", metric.Labels.Select(label => $"`{label}`"));

    private static string DocumentFile([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docs", "metrics.md"));
}
