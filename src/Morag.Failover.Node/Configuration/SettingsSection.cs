using System.Globalization;
using System.Text.RegularExpressions;
using Akka.Configuration;

namespace Morag.Failover.Node.Configuration;

/// <summary>Reads the values of one HOCON object. Errors for missing, malformed or out-of-range values name the full key.</summary>
internal sealed partial class SettingsSection(Config root, string path)
{
    private static readonly Dictionary<string, TimeSpan> DurationUnits = new()
    {
        ["ms"] = TimeSpan.FromMilliseconds(1),
        ["s"] = TimeSpan.FromSeconds(1),
        ["m"] = TimeSpan.FromMinutes(1),
        ["h"] = TimeSpan.FromHours(1),
        ["d"] = TimeSpan.FromDays(1),
    };

    private static readonly Dictionary<string, long> SizeUnits = new()
    {
        ["B"] = 1,
        ["KiB"] = 1L << 10,
        ["MiB"] = 1L << 20,
        ["GiB"] = 1L << 30,
    };

    public string Path => path;

    public SettingsSection Child(string key) => new(root, $"{path}.{Quoted(key)}");

    /// <summary>Whether the section is a block.</summary>
    public bool IsBlock => root.GetValue(path) is { } value && value.IsObject();

    /// <summary>The keys directly under this section.</summary>
    public IReadOnlyList<string> Keys() =>
        root.GetValue(path) is { } value && value.IsObject()
            ? [.. value.GetObject().Items.Keys]
            : throw ConfigurationRefusedException.Value(path, Raw(path), "a block { ... } is needed");

    public string Text(string key) =>
        Raw(KeyPath(key)) ?? throw Refused(key, null, "a text is needed");

    public IReadOnlyList<string> Texts(string key) =>
        root.GetValue(KeyPath(key)) is { } value && value.IsArray()
            ? [.. value.GetArray().Select(item => item.GetString())]
            : throw Refused(key, Raw(KeyPath(key)), "a list [ ... ] is needed");

    public bool Switch(string key) =>
        Raw(KeyPath(key)) switch
        {
            "on" or "true" => true,
            "off" or "false" => false,
            var other => throw Refused(key, other, "on or off is allowed"),
        };

    public int Integer(string key, int least, int most)
    {
        var text = Raw(KeyPath(key));
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most
            ? number
            : throw Refused(key, text, $"an integer from {least} to {most} is allowed");
    }

    public double Number(string key, double least, double most, bool aboveLeast = false)
    {
        var text = Raw(KeyPath(key));
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && (aboveLeast ? number > least : number >= least) && number <= most
                ? number
                : throw Refused(key, text, string.Create(
                    CultureInfo.InvariantCulture, $"a number {(aboveLeast ? "above" : "from")} {least} up to {most} is allowed"));
    }

    public TimeSpan Duration(string key, string least, string most)
    {
        var text = Raw(KeyPath(key));
        var (from, to) = (ParseDuration(least)!.Value, ParseDuration(most)!.Value);
        return ParseDuration(text) is { } duration && duration >= from && duration <= to
            ? duration
            : throw Refused(key, text, $"a duration from {least} to {most} is allowed (a number with ms, s, m, h or d)");
    }

    public long Size(string key, string least, string most)
    {
        var text = Raw(KeyPath(key));
        var (from, to) = (ParseSize(least)!.Value, ParseSize(most)!.Value);
        return ParseSize(text) is { } size && size >= from && size <= to
            ? size
            : throw Refused(key, text, $"a size from {least} to {most} is allowed (a number with B, KiB, MiB or GiB)");
    }

    /// <summary>A size; null for "auto".</summary>
    public long? SizeOrAuto(string key, string least, string most) => Raw(KeyPath(key)) == "auto" ? null : Size(key, least, most);

    public ConfigurationRefusedException Refused(string key, string? value, string allowed) =>
        ConfigurationRefusedException.Value(KeyPath(key), value, allowed);

    private string KeyPath(string key) => $"{path}.{Quoted(key)}";

    private string? Raw(string key) =>
        root.GetValue(key) is { } value && !value.IsEmpty ? value.IsString() ? value.GetString() : value.ToString() : null;

    private static string Quoted(string key) => PlainKey().IsMatch(key) ? key : $"\"{key}\"";

    private static TimeSpan? ParseDuration(string? text) =>
        Measure(text) is var (number, unit) && DurationUnits.TryGetValue(unit, out var scale) && number < TimeSpan.MaxValue / scale
            ? scale * number
            : null;

    private static long? ParseSize(string? text) =>
        Measure(text) is var (number, unit) && SizeUnits.TryGetValue(unit, out var scale) && number < long.MaxValue / scale
            ? (long)(scale * number)
            : null;

    private static (double Number, string Unit)? Measure(string? text) =>
        NumberWithUnit().Match(text ?? "") is { Success: true } match
            ? (double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), match.Groups[2].Value)
            : null;

    [GeneratedRegex(@"^([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)$")]
    private static partial Regex NumberWithUnit();

    [GeneratedRegex("^[A-Za-z0-9_-]+$")]
    private static partial Regex PlainKey();
}
