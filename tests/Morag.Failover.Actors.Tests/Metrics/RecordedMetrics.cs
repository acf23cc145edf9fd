using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Morag.Failover.Actors.Metrics;

namespace Morag.Failover.Actors.Tests.Metrics;

/// <summary>
/// What is recorded while it exists, by metric and labels. Other specs of the process record too, so ask for your own labels.
/// </summary>
internal sealed class RecordedMetrics : IDisposable
{
    private readonly ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Labels)> recorded = new();
    private readonly MeterListener listener = new();

    public RecordedMetrics()
    {
        listener.InstrumentPublished = (instrument, to) =>
        {
            if (instrument.Meter.Name == FailoverMeter.Name)
            {
                to.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>(Add);
        listener.SetMeasurementEventCallback<long>((instrument, value, labels, state) => Add(instrument, value, labels, state));
        listener.Start();
    }

    /// <summary>The values of a metric with these labels, in the order in which they were recorded.</summary>
    public List<double> Of(Metric metric, params (string Name, string Value)[] labels) =>
    [
        .. recorded
            .Where(each => each.Name == metric.Name && labels.All(label => Equals(each.Labels.GetValueOrDefault(label.Name), label.Value)))
            .Select(each => each.Value),
    ];

    /// <summary>Reads the gauges of a meter.</summary>
    public static List<(string Name, double Value, string Labels)> Read(Meter meter)
    {
        var read = new List<(string, double, string)>();
        using var gauges = new MeterListener();
        gauges.InstrumentPublished = (instrument, to) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
            {
                to.EnableMeasurementEvents(instrument);
            }
        };
        gauges.SetMeasurementEventCallback<double>((instrument, value, labels, _) => read.Add((instrument.Name, value, Words(labels))));
        gauges.SetMeasurementEventCallback<long>((instrument, value, labels, _) => read.Add((instrument.Name, value, Words(labels))));
        gauges.Start();
        gauges.RecordObservableInstruments();
        return read;
    }

    public void Dispose() => listener.Dispose();

    private static string Words(ReadOnlySpan<KeyValuePair<string, object?>> labels) =>
        string.Join(' ', labels.ToArray().Select(label => label.Value));

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> labels, object? state) =>
        recorded.Enqueue((instrument.Name, value, new Dictionary<string, object?>(labels.ToArray())));
}
