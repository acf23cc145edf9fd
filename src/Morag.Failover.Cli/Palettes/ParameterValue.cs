using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Palettes;

/// <summary>What the user typed for a parameter, as what is sent for it.</summary>
internal sealed class ParameterValue(Stream standardInput, TimeProvider clock)
{
    /// <summary>Throws <see cref="CommandFailure"/> where the text breaks the parameter's rule.</summary>
    public JsonNode Read(PaletteParameter parameter, string text)
    {
        var value = Parse(parameter, text);
        if (parameter.MaxBytes is { } limit && Encoding.UTF8.GetByteCount(value.ToJsonString(Wire.Options)) is var bytes && bytes > limit)
        {
            throw CommandFailure.Usage(
                $"{parameter.Name}: is {bytes:N0} bytes as JSON, and at most {limit:N0} are allowed; " +
                "store it where the workers can read it, and send its address instead");
        }

        return value;
    }

    private JsonNode Parse(PaletteParameter parameter, string text)
    {
        if (parameter.Choices.Length > 0 && !parameter.Choices.Contains(text))
        {
            throw CommandFailure.Usage($"{parameter.Name}: must be one of {string.Join(", ", parameter.Choices)}");
        }

        switch (parameter.Type)
        {
            case ParameterType.WholeNumber:
                return Number(parameter, text, new NumberRule<long>((long?)parameter.Least, (long?)parameter.Most));
            case ParameterType.Number:
                return Number(parameter, text, new NumberRule<double>(parameter.Least, parameter.Most));
            case ParameterType.Flag:
                return JsonValue.Create(text == "true");
            case ParameterType.List:
                return new JsonArray([.. Split(text).Select(item => JsonValue.Create(item))]);
            case ParameterType.Moment:
                return JsonValue.Create(Moment(parameter.Name, text));
            case ParameterType.Json:
                return Json(parameter, WithoutByteOrderMark(Large(parameter, text)));
            case ParameterType.LargeText:
                return JsonValue.Create(Large(parameter, text));
            case ParameterType.Text:
            default:
                return JsonValue.Create(text);
        }
    }

    private static JsonValue Number<T>(PaletteParameter parameter, string text, NumberRule<T> rule)
        where T : struct, INumber<T> => rule.Read(text) is { } number
        ? JsonValue.Create(number)!
        : throw CommandFailure.Usage(rule.Refusal("--" + parameter.Name, text));

    private static string[] Split(string text) =>
        text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    // Editors on Windows write one. In JSON it means nothing; in a text it may be meant, and stays.
    private static string WithoutByteOrderMark(string text) => text.StartsWith('\uFEFF') ? text[1..] : text;

    private static JsonNode Json(PaletteParameter parameter, string text) =>
        JsonText.Trusted(text).BrokenRule(int.MaxValue) is { } rule
            ? throw CommandFailure.Usage($"{parameter.Name}: {rule}")
            : JsonNode.Parse(text) ?? throw CommandFailure.Usage($"{parameter.Name}: must not be null");

    private string Moment(string name, string text)
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
            : throw CommandFailure.Usage($"{name}: must be a time such as 2026-11-23T10:00:00Z, or an age such as 30m, 24h, 7d");
    }

    private static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static int? UnitSeconds(char unit) => unit switch
    {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86400,
        _ => null,
    };

    private string Large(PaletteParameter parameter, string text)
    {
        if (text.StartsWith("@@", StringComparison.Ordinal))
        {
            return text[1..];
        }

        if (text != "-" && !text.StartsWith('@'))
        {
            return text;
        }

        // JSON escapes at least no byte away, so what is longer than the limit before it is written need not be read to its end.
        var limit = parameter.MaxBytes ?? int.MaxValue - 1;
        try
        {
            if (text == "-")
            {
                return ReadText(parameter, standardInput, limit);
            }

            using var file = File.OpenRead(text[1..]);
            return ReadText(parameter, file, limit);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Usage($"{parameter.Name}: {failure.Message}");
        }
    }

    private static string ReadText(PaletteParameter parameter, Stream source, int limit)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[81920];
        int read;
        while ((read = source.Read(buffer)) > 0)
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > limit)
            {
                throw CommandFailure.Usage(
                    $"{parameter.Name}: is longer than {limit:N0} bytes; store it where the workers can read it, and send its address instead");
            }
        }

        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
        }
        catch (DecoderFallbackException)
        {
            throw CommandFailure.Usage($"{parameter.Name}: is not UTF-8 text; store it where the workers can read it, and send its address instead");
        }
    }
}
