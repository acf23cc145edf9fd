using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Alerts;

namespace Morag.Failover.Node.Alerts;

/// <summary>The bodies of webhooks, and their signature.</summary>
internal static class WebhookBody
{
    private const string TestText = "This is a test of a webhook of Morag Failover. Nothing is wrong.";

    /// <summary>The body of a change, or of a test.</summary>
    public static byte[] Of(WebhookFormat format, AlertNotice? notice, string id) => format switch
    {
        WebhookFormat.Generic => JsonSerializer.SerializeToUtf8Bytes(
            new { Id = id, Event = notice?.What ?? "test", Alert = notice?.Alert }, ContractsJson.Options),
        WebhookFormat.Slack => JsonSerializer.SerializeToUtf8Bytes(new { Text = TextOf(notice) }, ContractsJson.Options),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "There is no such format."),
    };

    /// <summary>The value of the signature header: <c>t=TIME,v1=HMAC</c>, over the time, a dot and the body.</summary>
    public static string Signature(byte[] secret, DateTimeOffset at, byte[] body)
    {
        var time = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hash.AppendData(Encoding.ASCII.GetBytes(time + "."));
        hash.AppendData(body);
        return $"t={time},v1={Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }

    private static string TextOf(AlertNotice? notice)
    {
        if (notice is null)
        {
            return TestText;
        }

        var alert = notice.Alert;
        var who = notice.What == "acknowledged" ? $" by {alert.AcknowledgedBy}" : "";
        var note = alert.Note is { } given && notice.What == "acknowledged" ? $"\n{given}" : "";
        return Escaped(
            $"[{notice.What}{who}] {WireName.Of(alert.Severity)}: {WireName.Of(alert.Kind)} {alert.Component} (alert {alert.Id})\n"
            + alert.Message + note);
    }

    /// <summary>Slack reads these characters as the beginnings of links, mentions and entities.</summary>
    private static string Escaped(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal);
}
