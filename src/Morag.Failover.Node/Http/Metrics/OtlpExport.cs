namespace Morag.Failover.Node.Http.Metrics;

/// <summary>
/// Whether a signal is sent over OTLP. The exporter itself reads the other standard variables of OpenTelemetry, such as protocol, headers
/// and interval.
/// </summary>
internal static class OtlpExport
{
    /// <summary>The signal of metrics, as in the names of the variables.</summary>
    public const string Metrics = "METRICS";

    /// <summary>The signal of spans.</summary>
    public const string Traces = "TRACES";

    /// <summary>Whether an endpoint is given for the signal, and its exporter is not set to <c>none</c>.</summary>
    /// <param name="signal">The signal.</param>
    /// <param name="environment">Returns the value of an environment variable, or null.</param>
    public static bool IsOn(string signal, Func<string, string?> environment)
    {
        return (IsSet("OTEL_EXPORTER_OTLP_ENDPOINT") || IsSet($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"))
            && !string.Equals(environment($"OTEL_{signal}_EXPORTER"), "none", StringComparison.OrdinalIgnoreCase);

        bool IsSet(string variable) => !string.IsNullOrWhiteSpace(environment(variable));
    }
}
