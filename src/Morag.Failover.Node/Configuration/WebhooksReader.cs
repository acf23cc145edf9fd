using System.Collections.Immutable;
using System.Text;
using Morag.Failover.Actors.Alerts;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Alerts;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Configuration;

/// <summary>Reads the receivers of alerts from <c>morag.webhooks</c>. No message shows a URL or a secret.</summary>
internal static class WebhooksReader
{
    private const int MostReceivers = 20;
    private const int MaxNameLength = 40;
    private const int LeastSecretLength = 16;
    private static readonly string[] Fields = ["url", "format", "secret", "secret-file", "min-severity"];

    /// <exception cref="ConfigurationRefusedException">A receiver is invalid. The message names its key and the rule.</exception>
    public static ImmutableArray<WebhookOptions> Read(SettingsSection section)
    {
        var names = section.Keys();
        return names.Count <= MostReceivers
            ? [.. names.Select(name => ReadReceiver(section, name))]
            : throw ConfigurationRefusedException.Value(section.Path, $"{names.Count} webhooks", $"at most {MostReceivers} are allowed");
    }

    private static WebhookOptions ReadReceiver(SettingsSection section, string name)
    {
        if (!Identifier.IsValid(name) || name.Length > MaxNameLength)
        {
            throw ConfigurationRefusedException.Value(section.Path, name, $"{Identifier.Rule}, and at most {MaxNameLength} characters");
        }

        var receiver = section.Child(name);
        if (!receiver.IsBlock)
        {
            throw ConfigurationRefusedException.Value(receiver.Path, "…", "a block { url = … } is needed");
        }

        var keys = receiver.Keys();
        if (keys.FirstOrDefault(key => !Fields.Contains(key)) is { } unknown)
        {
            throw receiver.Refused(unknown, null, $"a webhook has only {string.Join(", ", Fields)}");
        }

        var format = keys.Contains("format") ? ReadEnum<WebhookFormat>(receiver, "format") : WebhookFormat.Generic;
        var url = ReadUrl(receiver);
        var secret = ReadSecret(receiver, keys);
        if (secret is null && format == WebhookFormat.Generic)
        {
            throw receiver.Refused("secret", null, "a generic receiver needs a secret or a secret-file, to check who sends");
        }

        return new WebhookOptions
        {
            Receiver = new WebhookReceiver(
                name,
                url.Authority,
                format,
                keys.Contains("min-severity") ? ReadEnum<AlertSeverity>(receiver, "min-severity") : AlertSeverity.Info),
            Url = url,
            Secret = secret,
        };
    }

    private static Uri ReadUrl(SettingsSection receiver) =>
        Uri.TryCreate(receiver.Text("url"), UriKind.Absolute, out var url)
        && url is { UserInfo: "", Fragment: "" }
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && Loopback.IsBinding(url.Host)))
            ? url
            : throw receiver.Refused("url", "…", "an https URL without a user and a fragment is needed; http is allowed for loopback");

    private static byte[]? ReadSecret(SettingsSection receiver, IReadOnlyList<string> keys)
    {
        if (keys.Contains("secret") && keys.Contains("secret-file"))
        {
            throw receiver.Refused("secret-file", null, "a webhook has either a secret or a secret-file");
        }

        var key = keys.Contains("secret") ? "secret" : "secret-file";
        if (!keys.Contains(key))
        {
            return null;
        }

        var text = key == "secret" ? receiver.Text(key) : ReadFile(receiver, key);
        return text.Length >= LeastSecretLength
            ? Encoding.UTF8.GetBytes(text)
            : throw receiver.Refused(key, "…", $"at least {LeastSecretLength} characters are needed");
    }

    private static string ReadFile(SettingsSection receiver, string key)
    {
        var file = receiver.Text(key);
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw receiver.Refused(key, file, $"it cannot be read: {failure.Message}");
        }
    }

    private static TEnum ReadEnum<TEnum>(SettingsSection receiver, string key)
        where TEnum : struct, Enum => WireEnum<TEnum>.TryParse(receiver.Text(key), out var value)
            ? value
            : throw receiver.Refused(key, receiver.Text(key), $"{string.Join(", ", WireName.All<TEnum>())} is allowed");
}
