using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Morag.Failover.Client.Telemetry;

/// <summary>The names to subscribe to with OpenTelemetry.</summary>
public static class MoragTelemetry
{
    /// <summary>The name of the <see cref="ActivitySource"/> and of the <see cref="Meter"/> of this package.</summary>
    public const string Name = "Morag.Failover.Client";

    internal static ActivitySource Source { get; } = new(Name);

    internal static Meter Meter { get; } = new(Name);
}
