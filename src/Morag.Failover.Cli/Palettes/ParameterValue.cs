using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json.Nodes;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Palettes;

/// <summary>Converts what the user typed for a parameter to a JSON value, and checks it against the limits of the node.</summary>
internal sealed class ParameterValue(Stream standardInput, TimeProvider clock)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="parameter">The parameter.</param>
    /// <param name="label">What error messages call it, such as <c>--payload</c>.</param>
    /// <param name="text">What the user typed.</param>
    /// <exception cref="CommandFailure">The value is invalid or too large.</exception>
    public JsonNode Read(PaletteParameter parameter, string label, string text)
    {
        var value = Parse(parameter, label, text);
        if (parameter.MaxBytes is { } limit && Size(parameter, text, value) is var bytes && bytes > limit)
        {
            var measure = parameter.Type == ParameterType.Text ? "" : " as JSON";
            throw CommandFailure.Usage($"{label} is {bytes:N0} bytes{measure}; the limit is {limit:N0} bytes{Advice(parameter)}");
        }

        return value;
    }

    private static int Size(PaletteParameter parameter, string text, JsonNode value) =>
        TextBytes.Of(parameter.Type == ParameterType.Text ? text : value.ToJsonString(Wire.Options));

    private static string Advice(PaletteParameter parameter) =>
        (parameter.Field ?? parameter.Name) == "payload" ? ". Store large data where the workers can read it, and submit its address" : "";

    private JsonNode Parse(PaletteParameter parameter, string label, string text)
    {
        if (parameter.Choices.Length > 0 && NoChoice(parameter, text) is { } wrong)
        {
            throw CommandFailure.Usage($"{label} must be one of {string.Join(", ", parameter.Choices)}, not \"{wrong}\"");
        }

        switch (parameter.Type)
        {
            case ParameterType.WholeNumber:
                return Number(label, text, new NumberRule<long>((long?)parameter.Least, (long?)parameter.Most));
            case ParameterType.Number:
                return Number(label, text, new NumberRule<double>(parameter.Least, parameter.Most));
            case ParameterType.Flag:
                return JsonValue.Create(text == "true");
            case ParameterType.List:
                return new JsonArray([.. Split(text).Select(item => JsonValue.Create(item))]);
            case ParameterType.Moment:
                return JsonValue.Create(Moment(label, text));
            case ParameterType.Json:
                return Json(label, WithoutByteOrderMark(Content(parameter, label, text)));
            case ParameterType.LargeText:
                return JsonValue.Create(Content(parameter, label, text));
            case ParameterType.Text:
            default:
                return JsonValue.Create(text);
        }
    }

    private static JsonValue Number<T>(string label, string text, NumberRule<T> rule)
        where T : struct, INumber<T> => rule.Read(text) is { } number
        ? JsonValue.Create(number)!
        : throw CommandFailure.Usage(rule.Refusal(label, text));

    private static string? NoChoice(PaletteParameter parameter, string text)
    {
        string[] given = parameter.Type == ParameterType.List && Split(text) is { Length: > 0 } items ? items : [text];
        return Array.Find(given, item => !parameter.Choices.Contains(item));
    }

    private static string[] Split(string text) =>
        text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    // Windows editors write one. It has no meaning in JSON. In a text it may be intended, so it stays there.
    private static string WithoutByteOrderMark(string text) => text.StartsWith('\uFEFF') ? text[1..] : text;

    private static JsonNode Json(string label, string text) =>
        JsonText.Trusted(text).BrokenRule(int.MaxValue) is { } rule
            ? throw CommandFailure.Usage($"{label} {rule}")
            : JsonNode.Parse(text) ?? throw CommandFailure.Usage($"{label} must not be null");

    private string Moment(string label, string text)
    {
        if (text.Length > 1
            && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)
            && UnitSeconds(text[^1]) is { } seconds
            && amount * seconds < 100L * 366 * 86400)
        {
            return Iso(clock.GetUtcNow() - TimeSpan.FromSeconds(amount * seconds));
        }

        return DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? Iso(time)
            : throw CommandFailure.Usage(
                $"{label} must be a time such as 2026-11-23T10:00:00Z, or an age such as 30m, 24h or 7d, not \"{text}\"");
    }

    private static string Iso(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static int? UnitSeconds(char unit) => unit switch
    {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86400,
        _ => null,
    };

    private string Content(PaletteParameter parameter, string label, string text)
    {
        if (text.StartsWith("@@", StringComparison.Ordinal))
        {
            return text[1..];
        }

        if (text != "-" && !text.StartsWith('@'))
        {
            return text;
        }

        try
        {
            if (text == "-")
            {
                return ReadText(parameter, label, standardInput);
            }

            using var file = File.OpenRead(text[1..]);
            return ReadText(parameter, label, file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Usage($"cannot read the file for {label}: {failure.Message}");
        }
    }

    private static string ReadText(PaletteParameter parameter, string label, Stream source)
    {
        // A text only grows when it is written as JSON, but indented or escaped JSON may shrink when it is compacted.
        var limit = parameter.Type == ParameterType.LargeText && parameter.MaxBytes is { } most ? most : CallLimits.MaxPayloadBodyBytes;
        using var bytes = new MemoryStream();
        var buffer = new byte[81920];
        int read;
        while ((read = source.Read(buffer)) > 0)
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > limit)
            {
                throw CommandFailure.Usage($"{label} is larger than {limit:N0} bytes{Advice(parameter)}");
            }
        }

        try
        {
            return StrictUtf8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
        }
        catch (DecoderFallbackException)
        {
            throw CommandFailure.Usage($"{label} is not UTF-8 text{Advice(parameter)}");
        }
    }
}
