using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using YamlDotNet.Serialization;

namespace Morag.Failover.Processes.Tests.Monitoring;

/// <summary>A query in a file, with the texts that show its labels.</summary>
internal sealed record MonitoringQuery(string Where, string Query, IReadOnlyList<string> Texts);

/// <summary>The Grafana dashboard and the alert rules in <c>docker/monitoring</c>.</summary>
internal static class MonitoringFiles
{
    public static IEnumerable<MonitoringQuery> Queries => Dashboard.Concat(Alerts);

    private static IEnumerable<MonitoringQuery> Dashboard =>
        from panel in JsonNode.Parse(Read("grafana-dashboard.json"))!["panels"]!.AsArray()
        from target in panel!["targets"]?.AsArray() ?? []
        select new MonitoringQuery($"dashboard: {panel["title"]}", (string)target!["expr"]!, [(string)target["legendFormat"]!]);

    private static IEnumerable<MonitoringQuery> Alerts =>
        from @group in new DeserializerBuilder().Build().Deserialize<AlertFile>(Read("prometheus-alerts.yaml")).groups
        from rule in @group.rules
        select new MonitoringQuery($"alert: {rule.alert}", rule.expr, [.. rule.annotations.Values]);

    private static string Read(string name, [CallerFilePath] string here = "") => File.ReadAllText(
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docker", "monitoring", name)));

#pragma warning disable IDE1006, CA1812 // The names of the fields in the file; the deserializer creates the objects.
    private sealed class AlertFile
    {
        public List<AlertGroup> groups { get; set; } = [];
    }

    private sealed class AlertGroup
    {
        public string name { get; set; } = "";

        public List<AlertRule> rules { get; set; } = [];
    }

    private sealed class AlertRule
    {
        public string alert { get; set; } = "";

        public string expr { get; set; } = "";

        public string? @for { get; set; }

        public Dictionary<string, string> labels { get; set; } = [];

        public Dictionary<string, string> annotations { get; set; } = [];
    }
#pragma warning restore IDE1006, CA1812
}
