using System.Text;

namespace Morag.Failover.Node.Configuration;

/// <summary>The command line of the node: <c>--name value</c> or <c>--name=value</c>, each at most once.</summary>
public sealed class NodeCommandLine
{
    private const string ConfigOption = "--config";
    private readonly Dictionary<string, string> values = [];

    /// <summary>Parses the arguments.</summary>
    /// <exception cref="ConfigurationRefusedException">An argument is unknown, repeated, or has no value.</exception>
    public NodeCommandLine(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        for (var n = 0; n < arguments.Count; n++)
        {
            var (option, value) = Split(arguments[n]);
            if (option != ConfigOption && NodeSetting.All.All(setting => setting.Option != option))
            {
                throw new ConfigurationRefusedException($"{option} is not an option of the node. See --help");
            }

            if (value is null && n + 1 < arguments.Count)
            {
                value = arguments[++n];
            }

            if (!values.TryAdd(option, value ?? throw new ConfigurationRefusedException($"{option} needs a value")))
            {
                throw new ConfigurationRefusedException($"{option} is given twice");
            }
        }
    }

    /// <summary>The text for <c>--help</c>.</summary>
    public static string Usage
    {
        get
        {
            var text = new StringBuilder("Options (each can also be set as an environment variable or in the file given with --config):\n");
            foreach (var setting in NodeSetting.All)
            {
                text.Append($"  {setting.Option,-26}{setting.Variable,-31}{setting.Meaning}\n");
            }

            return text.Append($"  {ConfigOption,-57}file with settings; hocon/morag.conf describes them all\n").ToString();
        }
    }

    /// <summary>The configuration file, if given.</summary>
    public string? ConfigFile => values.GetValueOrDefault(ConfigOption);

    /// <summary>Whether the arguments ask for <see cref="Usage"/>.</summary>
    public static bool AsksForHelp(IReadOnlyList<string> arguments) => arguments.Contains("--help") || arguments.Contains("-h");

    internal string? Find(NodeSetting setting) => values.GetValueOrDefault(setting.Option);

    private static (string Option, string? Value) Split(string argument) =>
        argument.Split('=', 2) is [var option, var value] ? (option, value) : (argument, null);
}
