using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace Morag.Failover.Node.Configuration;

/// <summary>Merges the sources of settings. Precedence: command line, environment, configuration file, defaults.</summary>
internal static class NodeConfiguration
{
    // Blocks with user-defined keys.
    private static readonly string[] OpenBlocks =
        ["morag.tokens", "morag.webhooks", "morag.failover.queues.definitions", "morag.failover.policy.quality-ladder"];
    private const int MaxFileBytes = 1024 * 1024;
    private static readonly JsonSerializerOptions Quoting = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The default settings, from <c>hocon/</c>.</summary>
    public static Config Defaults() => Resource("morag.conf").WithFallback(Resource("akka.conf"));

    /// <summary>The configuration file of the command line; null if there is none.</summary>
    public static Config? LoadFile(NodeCommandLine commandLine) => commandLine.ConfigFile is { } file ? ReadFile(file, Defaults()) : null;

    public static Config Load(NodeCommandLine commandLine, Func<string, string?> environment) =>
        Merge(LoadFile(commandLine), commandLine, environment);

    /// <summary>Merges a file that was loaded with the other sources.</summary>
    public static Config Merge(Config? file, NodeCommandLine commandLine, Func<string, string?> environment)
    {
        var defaults = Defaults();
        var given = file?.WithFallback(defaults) ?? defaults;
        var overrides = NodeSetting.All
            .Select(setting => (setting.Key, Value: commandLine.Find(setting) ?? environment(setting.Variable)))
            .Where(setting => setting.Value is not null)
            .Select(setting => Assignment(setting.Key, setting.Value!))
            .ToList();
        return overrides.Count > 0 ? ConfigurationFactory.ParseString(string.Join('\n', overrides)).WithFallback(given) : given;
    }

    /// <summary>One line of HOCON that assigns a literal text to a key.</summary>
    public static string Assignment(string key, string value) => $"{key} = {JsonSerializer.Serialize(value, Quoting)}";

    /// <summary>The full keys of all values below an object.</summary>
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
            // The parser throws exceptions of many types, including plain Exception.
            throw Refused(file, $"it is not valid HOCON ({e.Message.ReplaceLineEndings(" ")})", e);
        }

        RefuseUnknownKeys(file, config, defaults);
        return config;
    }

    private static Config Parse(string file, string text)
    {
        if (HoconText.ProblemIn(text) is { } problem)
        {
            throw Refused(file, problem);
        }

        var config = ConfigurationFactory.ParseString(
            text,
            included => throw Refused(
                file, $"it includes \"{included}\", and includes are not supported. Copy those settings into this file"));
        return HoconValues.AreBounded(config.Root)
            ? config
            : throw Refused(
                file,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"a substitution (${{...}}) refers to itself, or values are nested deeper than {HoconValues.MaxDepth} levels. ")
                + "Write out the value instead");
    }

    private static ConfigurationRefusedException Refused(string file, string why, Exception? cause = null)
    {
        var message = $"--config = \"{file}\" is refused: {why}";
        return cause is null ? new ConfigurationRefusedException(message) : new ConfigurationRefusedException(message, cause);
    }

    /// <summary>Reads at most the allowed size, because a device or a pipe may never end.</summary>
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

    /// <summary>Rejects unknown keys: a mistyped key would otherwise silently leave the default in force.</summary>
    private static void RefuseUnknownKeys(string file, Config config, Config defaults)
    {
        if (config.GetValue("morag") is not { } given || given.IsEmpty)
        {
            return;
        }

        var known = Leaves(defaults.GetValue("morag"), "morag").ToHashSet();
        if (Leaves(given, "morag").FirstOrDefault(key => !known.Contains(key)) is { } unknown)
        {
            throw new ConfigurationRefusedException($"{unknown} in {file} is not a setting. See docs/configuration.md for all settings");
        }
    }

    private static Config Resource(string name)
    {
        using var stream = typeof(NodeConfiguration).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}
