using Morag.Failover.Actors.Metrics;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Morag.Failover.Node.Http.Metrics;

/// <summary>
/// Collects the metrics of the node: its own (<see cref="FailoverMetrics"/>), and those of the web server and the runtime. They are served
/// at <c>/metrics</c> and sent over OTLP, each if it is configured. The spans of tasks (<see cref="TaskSpans"/>) are sent over OTLP too.
/// </summary>
internal static class NodeMetrics
{
    /// <summary>The path at which Prometheus reads the metrics.</summary>
    public const string Path = "/metrics";

    private static readonly string[] Meters =
        [FailoverMeter.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];

    public static void AddNodeMetrics(this IServiceCollection services, HttpApiSettings settings)
    {
        var isSent = OtlpExport.IsOn(OtlpExport.Metrics, Environment.GetEnvironmentVariable);
        if (OtlpExport.IsOn(OtlpExport.Traces, Environment.GetEnvironmentVariable))
        {
            services.AddOpenTelemetry().ConfigureResource(DescribeNode).WithTracing(
                static traces => traces.AddSource(TaskSpans.SourceName).AddOtlpExporter());
        }

        if (!settings.Metrics && !isSent)
        {
            return;
        }

        services.AddOpenTelemetry().ConfigureResource(DescribeNode).WithMetrics(metrics =>
        {
            metrics.AddMeter(Meters);
            if (settings.Metrics)
            {
                metrics.AddPrometheusExporter();
            }

            if (isSent)
            {
                metrics.AddOtlpExporter();
            }
        });
    }

    /// <summary>
    /// Starts to collect, before any owner records, and maps the endpoint. It answers while the node joins the cluster or stops, when
    /// metrics matter most.
    /// </summary>
    public static void MapMetrics(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        if (services.GetService<MeterProvider>() is not null)
        {
            FailoverMeter.StartAtZero();
        }

        if (services.GetRequiredService<HttpApiSettings>().Metrics)
        {
            _ = routes.MapGet(
                Path, routes.CreateApplicationBuilder().UseOpenTelemetryPrometheusScrapingEndpoint(static _ => true).Build());
        }
    }

    /// <summary>What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say comes last, because the last value wins.</summary>
    private static void DescribeNode(ResourceBuilder resource) => resource
        .Clear()
        .AddTelemetrySdk()
        .AddService("morag-failover", serviceVersion: typeof(NodeMetrics).Assembly.GetName().Version?.ToString(3))
        .AddEnvironmentVariableDetector();
}
