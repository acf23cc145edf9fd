using Morag.Failover.Contracts.Alerts;

namespace Morag.Failover.Dashboard.Pages;

/// <summary>The thresholds of alerts.</summary>
/// <param name="Report">The thresholds, and the rules that are off; null if their owner did not answer.</param>
public sealed record AlertSettingsModel(AlertSettingsReport? Report)
{
    /// <summary>Every threshold, in the order of the page.</summary>
    public static ImmutableArray<ThresholdField> Fields { get; } =
    [
        ThresholdField.OfTime(AlertThreshold.RaiseAfter, "Raise when it holds for", 0, AlertThresholds.MaxWaitSeconds),
        ThresholdField.OfTime(AlertThreshold.ResolveAfter, "Resolve when it is over for", 0, AlertThresholds.MaxWaitSeconds),
        ThresholdField.OfTime(
            AlertThreshold.QueueAge, "Age of a waiting task", AlertThresholds.MinQueueAgeSeconds, AlertThresholds.MaxQueueAgeSeconds),
        ThresholdField.OfTime(AlertThreshold.StoreLatency, "Time of a write to Redis", 0.001, AlertThresholds.MaxStoreLatencySeconds),
        ThresholdField.OfCount(
            AlertThreshold.FlappingLosses,
            "Losses of a worker within an hour",
            AlertThresholds.MinFlappingLosses,
            AlertThresholds.MaxFlappingLosses),
        ThresholdField.OfShare(AlertThreshold.FailureRate, "Failed share of attempts"),
        ThresholdField.OfCount(
            AlertThreshold.FailureRateAttempts,
            "Attempts for a share",
            AlertThresholds.MinFailureRateAttempts,
            AlertThresholds.MaxFailureRateAttempts),
        ThresholdField.OfShare(AlertThreshold.StoreUse, "Used share of Redis"),
    ];

    /// <summary>The rules, and whether each is on.</summary>
    public IEnumerable<(AlertKind Rule, bool IsOn)> Rules =>
        Enum.GetValues<AlertKind>().Select(rule => (rule, Report?.Off.Contains(rule) != true));
}

/// <summary>How a threshold is shown and entered.</summary>
public sealed record ThresholdField
{
    private ThresholdField()
    {
    }

    /// <summary>The threshold.</summary>
    public required AlertThreshold Threshold { get; init; }

    /// <summary>Its name for people.</summary>
    public required string Name { get; init; }

    /// <summary>The name of its field in forms and in the API.</summary>
    public required string Field { get; init; }

    /// <summary>What a number in its field counts, behind a comma; empty for plain numbers.</summary>
    public string Unit { get; init; } = "";

    /// <summary>The lowest number.</summary>
    public double Min { get; init; }

    /// <summary>The highest number.</summary>
    public double Max { get; init; }

    /// <summary>The step of its field: <c>1</c> for whole numbers, otherwise <c>any</c>.</summary>
    public string Step { get; init; } = "any";

    /// <summary>A threshold in seconds.</summary>
    public static ThresholdField OfTime(AlertThreshold threshold, string name, double min, double max) =>
        new() { Threshold = threshold, Name = name, Field = $"{WireName.Of(threshold)}_seconds", Unit = ", seconds", Min = min, Max = max };

    /// <summary>A whole number.</summary>
    public static ThresholdField OfCount(AlertThreshold threshold, string name, double min, double max) =>
        new() { Threshold = threshold, Name = name, Field = WireName.Of(threshold), Min = min, Max = max, Step = "1" };

    /// <summary>A share above 0.</summary>
    public static ThresholdField OfShare(AlertThreshold threshold, string name) =>
        new() { Threshold = threshold, Name = name, Field = WireName.Of(threshold), Unit = ", 0 to 1", Min = 0.001, Max = 1 };

    /// <summary>Its value as it is shown.</summary>
    public string Shown(AlertThresholds thresholds)
    {
        ArgumentNullException.ThrowIfNull(thresholds);
        return thresholds.ValueOf(Threshold) is not { } value ? "–"
            : Field.EndsWith("_seconds", StringComparison.Ordinal) ? Texts.Duration(TimeSpan.FromSeconds(value))
            : Plain(value);
    }

    /// <summary>Its value as it is entered.</summary>
    public string Entered(AlertThresholds thresholds)
    {
        ArgumentNullException.ThrowIfNull(thresholds);
        return thresholds.ValueOf(Threshold) is { } value ? Plain(value) : "";
    }

    /// <summary>A number as a field takes it.</summary>
    public static string Plain(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
