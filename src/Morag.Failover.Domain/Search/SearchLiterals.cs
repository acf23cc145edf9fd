using System.Buffers;
using System.Globalization;

namespace Morag.Failover.Domain.Search;

/// <summary>A value as written in a filter.</summary>
/// <param name="Text">Its text, without quotes and escapes.</param>
/// <param name="Quoted">Whether it was quoted: then it is always text.</param>
/// <param name="Position">Where it starts.</param>
/// <param name="Length">How many characters it takes in the filter.</param>
internal readonly record struct SearchLiteral(string Text, bool Quoted, int Position, int Length)
{
    /// <summary>Whether it stands for any value.</summary>
    public bool IsAny => !Quoted && Text == "*";
}

/// <summary>
/// A time with the precision it was written in: all times from <paramref name="From"/> up to and without <paramref name="To"/>.
/// </summary>
internal readonly record struct TimeRange(DateTimeOffset From, DateTimeOffset To);

/// <summary>A time in a filter: fixed, or relative to now.</summary>
internal readonly record struct TimeLiteral(TimeRange? Fixed, TimeSpan FromNow)
{
    /// <summary>The times it stands for. A time relative to now is exact to the second.</summary>
    public TimeRange At(DateTimeOffset now) => Fixed ?? new(now + FromNow, now + FromNow + TimeSpan.FromSeconds(1));
}

/// <summary>Reads numbers, durations and times of filters.</summary>
internal static class SearchLiterals
{
    public const string NumberRule = "Write a number such as 3 or 0.5.";
    public const string DurationRule = "Write a duration such as 90s, 15m, 1h30m, 2d or 1w.";
    public const string TimeRule = "Write a time such as 2026-11-28, 2026-11-28T18:00Z, now or now-2h.";

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>A hundred years: longer than anything that a task can have, and safe to subtract from any time.</summary>
    private static readonly TimeSpan LongestDuration = TimeSpan.FromDays(36_500);

    private static readonly (string Format, TimeSpan Precision)[] TimeFormats =
    [
        ("yyyy-MM-dd", TimeSpan.FromDays(1)),
        ("yyyy-MM-dd'T'HH:mm", TimeSpan.FromMinutes(1)),
        ("yyyy-MM-dd'T'HH:mmK", TimeSpan.FromMinutes(1)),
        ("yyyy-MM-dd'T'HH:mm:ss", TimeSpan.FromSeconds(1)),
        ("yyyy-MM-dd'T'HH:mm:ssK", TimeSpan.FromSeconds(1)),
        ("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", TimeSpan.FromTicks(1)),
        ("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", TimeSpan.FromTicks(1)),
    ];

    public static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    /// <summary>Reads amounts with units, largest unit first or not: <c>1h30m</c>.</summary>
    public static TimeSpan? Duration(ReadOnlySpan<char> text)
    {
        var total = 0.0;
        if (text.IsEmpty)
        {
            return null;
        }

        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExcept(Digits);
            if (digits <= 0
                || !double.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
            {
                return null;
            }

            text = text[digits..];
            var letters = text.IndexOfAny(Digits);
            var unit = letters < 0 ? text : text[..letters];
            if (SecondsOf(unit) is not { } seconds)
            {
                return null;
            }

            total += amount * seconds;
            text = text[unit.Length..];
        }

        return total <= LongestDuration.TotalSeconds ? TimeSpan.FromSeconds(total) : null;
    }

    /// <summary>Reads an ISO-8601 time, UTC if it has no zone, or a time relative to now.</summary>
    public static TimeLiteral? Time(string text)
    {
        if (text.StartsWith("now", StringComparison.OrdinalIgnoreCase))
        {
            var offset = text.AsSpan(3);
            return offset switch
            {
                [] => new TimeLiteral(null, TimeSpan.Zero),
                ['-', .. var ago] when Duration(ago) is { } before => new TimeLiteral(null, -before),
                ['+', .. var ahead] when Duration(ahead) is { } after => new TimeLiteral(null, after),
                _ => null,
            };
        }

        foreach (var (format, precision) in TimeFormats)
        {
            if (Parse(text, format) is { } time)
            {
                return time.UtcTicks > DateTimeOffset.MaxValue.UtcTicks - precision.Ticks
                    ? null
                    : new TimeLiteral(new TimeRange(time, time + precision), default);
            }
        }

        return null;
    }

    private static DateTimeOffset? Parse(string text, string format) => DateTimeOffset.TryParseExact(
        text,
        format,
        CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
        out var time) ? time : null;

    private static double? SecondsOf(ReadOnlySpan<char> unit) => unit switch
    {
        "ms" => 0.001,
        "s" => 1,
        "m" or "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => null,
    };
}
