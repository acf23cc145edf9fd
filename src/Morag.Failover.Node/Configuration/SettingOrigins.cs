using System.Collections.Immutable;
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace Morag.Failover.Node.Configuration;

/// <summary>A setting in force.</summary>
/// <param name="Key">Its full key.</param>
/// <param name="Value">Its value; null for a secret.</param>
/// <param name="Origin">Where the value comes from: <c>default</c>, <c>file</c>, <c>environment</c> or <c>command line</c>.</param>
public sealed record SettingInForce(string Key, string? Value, string Origin);

/// <summary>Says for each setting under <c>morag</c> what is in force and where that comes from.</summary>
internal static class SettingOrigins
{
    private const int MaxValueLength = 500;

    /// <summary>Settings that are secrets or contain them.</summary>
    private static readonly ImmutableHashSet<string> Secrets =
        [NodeSetting.Token.Key, NodeSetting.Redis.Key, "morag.tokens", "morag.webhooks"];

    /// <summary>The settings, by key.</summary>
    /// <param name="inForce">The merged configuration.</param>
    /// <param name="file">The configuration file; null if there is none.</param>
    /// <param name="commandLine">The command line.</param>
    /// <param name="environment">Returns the value of an environment variable, or null.</param>
    public static ImmutableArray<SettingInForce> Of(
        Config inForce, Config? file, NodeCommandLine commandLine, Func<string, string?> environment)
    {
        var byKey = NodeSetting.All.ToDictionary(setting => setting.Key);
        return
        [
            .. from key in NodeConfiguration.Leaves(NodeConfiguration.Defaults().GetValue("morag"), "morag")
               orderby key
               let setting = byKey.GetValueOrDefault(key)
               let origin = setting is not null && commandLine.Find(setting) is not null ? "command line"
                   : setting is not null && environment(setting.Variable) is not null ? "environment"
                   : file?.HasPath(key) == true ? "file"
                   : "default"
               select new SettingInForce(key, Secrets.Contains(key) ? null : Text(inForce.GetValue(key)), origin),
        ];
    }

    private static string Text(HoconValue? value)
    {
        var text = value is null ? "" : value.IsString() ? value.GetString() : value.ToString();
        text = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return text.Length <= MaxValueLength ? text : text[..MaxValueLength] + "…";
    }
}
