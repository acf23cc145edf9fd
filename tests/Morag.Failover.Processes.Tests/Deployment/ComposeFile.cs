using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Morag.Failover.Processes.Tests.Deployment;

/// <summary><c>docker/compose.yaml</c> as Docker Compose reads it: merge keys and variables are replaced.</summary>
internal sealed partial class ComposeFile
{
    private readonly Dictionary<string, object?> root;

    private ComposeFile(Dictionary<string, object?> root) => this.root = root;

    /// <summary>The services by name.</summary>
    public IReadOnlyDictionary<string, ComposeService> Services =>
        Map(root["services"]).ToDictionary(service => service.Key, service => new ComposeService(service.Key, Map(service.Value)));

    /// <summary>The names of the volumes.</summary>
    public IReadOnlyCollection<string> Volumes => [.. Map(root["volumes"]).Keys];

    /// <summary>Reads the file.</summary>
    /// <param name="variables">The variables that it needs. A missing one throws, as in Docker Compose.</param>
    public static ComposeFile Read(IReadOnlyDictionary<string, string> variables)
    {
        var text = File.ReadAllText(Path.Combine(DockerFolder(), "compose.yaml"));
        var parser = new MergingParser(new Parser(new StringReader(text)));
        var tree = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize(parser);
        return new ComposeFile(Map(Substituted(tree, variables)));
    }

    internal static string DockerFolder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docker"));

    internal static Dictionary<string, object?> Map(object? value) => (Dictionary<string, object?>)value!;

    internal static string[] Texts(object? value) => [.. ((List<object?>)value!).Cast<string>()];

    private static object? Substituted(object? value, IReadOnlyDictionary<string, string> variables) => value switch
    {
        IDictionary<object, object?> map => map.ToDictionary(entry => (string)entry.Key, entry => Substituted(entry.Value, variables)),
        IList<object?> list => list.Select(item => Substituted(item, variables)).ToList(),
        string text => Variable().Replace(text, found => Value(found, variables)),
        _ => value,
    };

    private static string Value(Match found, IReadOnlyDictionary<string, string> variables) =>
        found.Value == "$$" ? "$"
        : variables.TryGetValue(found.Groups["name"].Value, out var value) ? value
        : throw new KeyNotFoundException($"compose.yaml needs {found.Groups["name"].Value}: {found.Groups["missing"].Value}");

    [GeneratedRegex(@"\$\$|\$\{(?<name>\w+)(:\?(?<missing>[^}]*))?\}")]
    private static partial Regex Variable();
}

/// <summary>One service of the file.</summary>
internal sealed class ComposeService(string name, Dictionary<string, object?> keys)
{
    public string Name => name;

    /// <summary>Whether it runs the image of this repository.</summary>
    public bool IsOurs => keys.ContainsKey("build");

    public IReadOnlyList<string> Entrypoint => Words("entrypoint");

    public IReadOnlyList<string> Command => Words("command");

    public IReadOnlyDictionary<string, string> Environment =>
        keys.TryGetValue("environment", out var given)
            ? ComposeFile.Map(given).ToDictionary(variable => variable.Key, variable => (string)variable.Value!)
            : new Dictionary<string, string>();

    /// <summary>The words of the health check, which exits with 0 if the service is healthy.</summary>
    public IReadOnlyList<string> HealthCheck => ComposeFile.Texts(ComposeFile.Map(keys["healthcheck"])["test"]) switch
    {
        ["CMD", .. var command] => command,
        ["CMD-SHELL", var line] => ["sh", "-c", line],
        _ => throw new InvalidOperationException($"{name} has a health check of an unknown form"),
    };

    /// <summary>The services that must be healthy before it starts.</summary>
    public IReadOnlyCollection<string> DependsOn => keys.TryGetValue("depends_on", out var given) ? [.. ComposeFile.Map(given).Keys] : [];

    public IReadOnlyList<string> Words(string key) =>
        keys.TryGetValue(key, out var given) ? ComposeFile.Texts(given) : [];

    public object? this[string key] => keys.GetValueOrDefault(key);
}
