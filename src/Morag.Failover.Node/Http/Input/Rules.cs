using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Input;

/// <summary>Validates fields of requests. Each method throws a <see cref="ProblemException"/> that names the field and the rule.</summary>
internal static class Rules
{
    public static T Required<T>(T? value, string field)
        where T : struct => value ?? throw ProblemException.Invalid(field, "is required");

    public static T Required<T>(T? value, string field)
        where T : class => value ?? throw ProblemException.Invalid(field, "is required");

    /// <summary>A required reason that is not blank.</summary>
    public static string Reason(string? value, string field = "reason")
    {
        var text = Text(Required(value, field), CallLimits.MaxReasonBytes, field);
        return string.IsNullOrWhiteSpace(text) ? throw ProblemException.Invalid(field, "must not be empty") : text;
    }

    /// <summary>A text of at most <paramref name="maxBytes"/> bytes in UTF-8.</summary>
    public static string Text(string value, int maxBytes, string field) => TextBytes.BrokenRule(value, maxBytes) is { } rule
        ? throw ProblemException.Invalid(field, rule)
        : value;

    /// <summary>
    /// A text without control characters. Such texts end up in environment variables, logs and tables, where a control character would
    /// truncate them or alter the output.
    /// </summary>
    public static string Line(string value, int maxBytes, string field)
    {
        var at = Text(value, maxBytes, field).AsSpan().IndexOfAnyInRange('\0', '\u001f');
        at = at >= 0 ? at : value.AsSpan().IndexOfAnyInRange('\u007f', '\u009f');
        return at < 0 ? value : throw ProblemException.Invalid(
            field, FormattableString.Invariant($"must not contain control characters (U+{(int)value[at]:X4} at position {at})"));
    }

    public static int InRange(int value, int least, int most, string field) => value >= least && value <= most
        ? value
        : throw ProblemException.Invalid(field, $"must be {least} to {most}");

    public static double InRange(double value, double least, double most, string field) => value >= least && value <= most
        ? value
        : throw ProblemException.Invalid(field, FormattableString.Invariant($"must be {least} to {most}"));

    public static TimeSpan Seconds(double value, double least, double most, string field) =>
        TimeSpan.FromSeconds(InRange(value, least, most, field));

    /// <summary>Any JSON of at most <paramref name="maxBytes"/> bytes. Its depth is checked when the body is read.</summary>
    public static JsonText Json(JsonText value, int maxBytes, string field) => value.Length <= maxBytes
        ? value
        : throw ProblemException.Invalid(field, JsonText.TooLong(maxBytes, value.Length));

    /// <summary>A JSON object of at most <paramref name="maxBytes"/> bytes; null becomes an empty object.</summary>
    public static JsonText JsonObject(JsonText? value, int maxBytes, string field)
    {
        var json = value is { IsNull: false } given ? given : JsonText.EmptyObject;
        return json.Utf8.Span[0] == '{' ? Json(json, maxBytes, field) : throw ProblemException.Invalid(field, "must be an object");
    }

    public static T[] AtMost<T>(T[]? values, int most, string field) => values is null
        ? []
        : values.Length <= most
            ? values
            : throw ProblemException.Invalid(field, $"may have at most {most} entries, not {values.Length}");

    /// <summary>An id from a path or a query.</summary>
    public static TId Id<TId>(string value, string field)
        where TId : struct, ITextId<TId> => Identifier.IsValid(value)
        ? TId.From(value)
        : throw ProblemException.Invalid(field, "must be " + Identifier.Rule);

    /// <summary>An optional id from a query.</summary>
    public static TId? OptionalId<TId>(string? value, string field)
        where TId : struct, ITextId<TId> => string.IsNullOrEmpty(value) ? null : Id<TId>(value, field);

    /// <summary>An optional enum value from a query.</summary>
    public static TEnum? OptionalEnum<TEnum>(string? value, string field)
        where TEnum : struct, Enum => string.IsNullOrEmpty(value)
        ? null
        : WireEnum<TEnum>.TryParse(value, out var parsed) ? parsed : throw ProblemException.Invalid(field, WireEnum<TEnum>.Rule);

    /// <summary>An optional time from a query; UTC if it has no zone.</summary>
    public static DateTimeOffset? OptionalTime(string? value, string field)
    {
        if (string.IsNullOrEmpty(value))
        {
            return null;
        }

        const System.Globalization.DateTimeStyles Utc =
            System.Globalization.DateTimeStyles.AssumeUniversal | System.Globalization.DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, Utc, out var time)
            ? time
            : throw ProblemException.Invalid(field, "must be an ISO-8601 time, such as 2026-11-23T18:00:00Z");
    }

    /// <summary>A flag from a query: false if it is not given.</summary>
    public static bool Flag(string? value, string field) => value switch
    {
        null or "" or "false" => false,
        "true" => true,
        _ => throw ProblemException.Invalid(field, "must be true or false"),
    };

    /// <summary>An optional whole number from a query.</summary>
    public static int OptionalNumber(string? value, int least, int most, int standard, string field) => string.IsNullOrEmpty(value)
        ? standard
        : int.TryParse(value, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most
            ? number
            : throw ProblemException.Invalid(field, $"must be a whole number, {least} to {most}");

    /// <summary>The maximum number of entries of a page, from a query.</summary>
    public static int Limit(string? value) => OptionalNumber(value, 1, CallLimits.MaxPage, CallLimits.DefaultPage, "limit");
}
