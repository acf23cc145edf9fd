namespace Morag.Failover.Actors.Metrics;

/// <summary>How the values of a metric are recorded.</summary>
public enum MetricKind
{
    /// <summary>A count that only grows while the node runs.</summary>
    Counter = 0,

    /// <summary>A distribution of recorded values.</summary>
    Histogram = 1,

    /// <summary>A value that is read at each collection.</summary>
    Gauge = 2,
}

/// <summary>A metric of a node. <see cref="FailoverMetrics.All"/> lists them.</summary>
/// <param name="Name">Its OpenTelemetry name. Frozen once released.</param>
/// <param name="Kind">How its values are recorded.</param>
/// <param name="Unit">Its unit in UCUM, such as <c>s</c> or <c>{task}</c>; <c>1</c> for a plain number.</param>
/// <param name="Meaning">What it says, in one or more sentences.</param>
/// <param name="Labels">The names of its labels (<see cref="MetricLabels"/>).</param>
public sealed record Metric(string Name, MetricKind Kind, string Unit, string Meaning, ImmutableArray<string> Labels)
{
    /// <summary>Its name at <c>/metrics</c>, without the <c>_bucket</c>, <c>_sum</c> and <c>_count</c> of a histogram.</summary>
    public string PrometheusName
    {
        get
        {
            var name = Name.Replace('.', '_') + Unit switch
            {
                "s" => "_seconds",
                "By" => "_bytes",
                _ => "",
            };
            return Kind == MetricKind.Counter ? name + "_total" : name;
        }
    }
}
