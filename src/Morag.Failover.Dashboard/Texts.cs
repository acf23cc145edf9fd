namespace Morag.Failover.Dashboard;

/// <summary>How the pages write numbers, durations and names.</summary>
public static class Texts
{
    /// <summary>A number with separators, such as <c>200,000</c>.</summary>
    public static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A number with at most the given decimals.</summary>
    public static string Rounded(double value, int decimals = 1)
    {
        var text = value.ToString(decimals == 0 ? "N0" : "#,0." + new string('#', decimals), CultureInfo.InvariantCulture);

        // A small negative number is rounded to a negative zero.
        return text == "-0" ? "0" : text;
    }

    /// <summary>A value of a scale in few characters, never rounded to another one: <c>2.5</c>, <c>0.025</c>, <c>20k</c>.</summary>
    public static string Scale(double value) => value switch
    {
        >= 1_000_000 => (value / 1_000_000).ToString("0.###", CultureInfo.InvariantCulture) + "M",
        >= 10_000 => (value / 1_000).ToString("0.###", CultureInfo.InvariantCulture) + "k",
        _ => value.ToString("#,0.######", CultureInfo.InvariantCulture),
    };

    /// <summary>A share as percent.</summary>
    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.#} %");

    /// <summary>A duration in its two largest units, such as <c>2 h 5 min</c>.</summary>
    public static string Duration(TimeSpan time)
    {
        var text = time.Duration() switch
        {
            { TotalSeconds: < 1 } small => string.Create(CultureInfo.InvariantCulture, $"{small.TotalMilliseconds:0} ms"),
            { TotalMinutes: < 1 } small => string.Create(CultureInfo.InvariantCulture, $"{small.TotalSeconds:0.#} s"),
            { TotalHours: < 1 } some => Two(some.Minutes, "min", some.Seconds, "s"),
            { TotalDays: < 1 } some => Two(some.Hours, "h", some.Minutes, "min"),
            var large => Two((int)large.TotalDays, "d", large.Hours, "h"),
        };
        return time < TimeSpan.Zero && text != "0 ms" ? "-" + text : text;
    }

    /// <summary>A size in bytes with a unit.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0 / 1024:0.#} MiB"),
    };

    /// <summary>A wire name for people: <c>half_open</c> becomes <c>half open</c>.</summary>
    public static string Words(string wireName)
    {
        ArgumentNullException.ThrowIfNull(wireName);
        return wireName.Replace('_', ' ');
    }

    /// <summary>An enum value for people.</summary>
    public static string Words<TEnum>(TEnum value)
        where TEnum : struct, Enum => Words(WireName.Of(value));

    /// <summary>A time in UTC to the second.</summary>
    public static string Utc(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Two(int first, string firstUnit, int second, string secondUnit) => second == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{first} {firstUnit}")
        : string.Create(CultureInfo.InvariantCulture, $"{first} {firstUnit} {second} {secondUnit}");
}
