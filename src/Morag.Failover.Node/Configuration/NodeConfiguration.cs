using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace Morag.Failover.Node.Configuration;

/// <summary>Puts the sources of settings together: command line over environment over the user's file over the defaults.</summary>
internal static class NodeConfiguration
{
    // Blocks whose keys are names of the user's own.
    private static readonly string[] OpenBlocks = ["morag.failover.queues.definitions", "morag.failover.policy.quality-ladder"];
    private const int MaxFileBytes = 1024 * 1024;
    private static readonly JsonSerializerOptions Quoting = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The settings of this product with their defaults, as <c>hocon/</c> describes them.</summary>
    public static Config Defaults() => Resource("morag.conf").WithFallback(Resource("akka.conf"));

    public static Config Load(NodeCommandLine commandLine, Func<string, string?> environment)
    {
        var defaults = Defaults();
        var given = commandLine.ConfigFile is { } file ? ReadFile(file, defaults).WithFallback(defaults) : defaults;
        var overrides = NodeSetting.All
            .Select(setting => (setting.Key, Value: commandLine.Find(setting) ?? environment(setting.Variable)))
            .Where(setting => setting.Value is not null)
            .Select(setting => Assignment(setting.Key, setting.Value!))
            .ToList();
        return overrides.Count > 0 ? ConfigurationFactory.ParseString(string.Join('\n', overrides)).WithFallback(given) : given;
    }

    /// <summary>One line of HOCON that gives the key this very text.</summary>
    public static string Assignment(string key, string value) => $"{key} = {JsonSerializer.Serialize(value, Quoting)}";

    /// <summary>The full keys of all values under an object.</summary>
    public static IEnumerable<string> Leaves(HoconValue value, string path) =>
        value.IsObject() && value.GetObject().Items.Count > 0 && !OpenBlocks.Contains(path)
            ? value.GetObject().Items.SelectMany(item => Leaves(item.Value, $"{path}.{item.Key}"))
            : [path];

    private static Config ReadFile(string file, Config defaults)
    {
        Config config;
        try
        {
            config = Parse(file, ReadText(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(file, $"it cannot be read ({e.Message})", e);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or ConfigurationRefusedException))
        {
            // The parser throws exceptions of many types, its plain base type among them.
            throw Refused(file, $"it is not HOCON ({e.Message.ReplaceLineEndings(" ")})", e);
        }

        RefuseUnknownKeys(file, config, defaults);
        return config;
    }

    private static Config Parse(string file, string text)
    {
        if (HoconText.TroubleIn(text) is { } trouble)
        {
            throw Refused(file, trouble);
        }

        var config = ConfigurationFactory.ParseString(
            text, included => throw Refused(file, $"it includes \"{included}\", and includes are not supported. Put those settings into the file itself"));
        return HoconValues.AreBounded(config.Root)
            ? config
            : throw Refused(
                file,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"a substitution (${{...}}) in it refers to itself, or its values are nested deeper than {HoconValues.MaxDepth} levels. Write the value out"));
    }

    private static ConfigurationRefusedException Refused(string file, string why, Exception? cause = null)
    {
        var message = $"--config = \"{file}\" is refused: {why}";
        return cause is null ? new ConfigurationRefusedException(message) : new ConfigurationRefusedException(message, cause);
    }

    /// <summary>Reads no further than a configuration may go: a device or a pipe may have no end.</summary>
    private static string ReadText(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[MaxFileBytes + 1];
        var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (length > MaxFileBytes)
        {
            throw Refused(file, "it is larger than 1 MiB, the limit for a configuration file");
        }

        using var reader = new StreamReader(new MemoryStream(bytes, 0, length));
        return reader.ReadToEnd();
    }

    /// <summary>A mistyped key would otherwise leave its default in force without a word.</summary>
    private static void RefuseUnknownKeys(string file, Config config, Config defaults)
    {
        if (config.GetValue("morag") is not { } given || given.IsEmpty)
        {
            return;
        }

        var known = Leaves(defaults.GetValue("morag"), "morag").ToHashSet();
        if (Leaves(given, "morag").FirstOrDefault(key => !known.Contains(key)) is { } unknown)
        {
            throw new ConfigurationRefusedException($"{unknown} in {file} is not a setting: hocon/morag.conf describes them all");
        }
    }

    private static Config Resource(string name)
    {
        using var stream = typeof(NodeConfiguration).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}
