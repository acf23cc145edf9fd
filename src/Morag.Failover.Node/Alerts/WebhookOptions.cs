using Morag.Failover.Actors.Alerts;

namespace Morag.Failover.Node.Alerts;

/// <summary>A configured receiver of alerts. Not a record, because its text would contain secrets.</summary>
public sealed class WebhookOptions
{
    /// <summary>The receiver, without secrets.</summary>
    public required WebhookReceiver Receiver { get; init; }

    /// <summary>Its URL. The path of Slack's URLs is a secret.</summary>
    public required Uri Url { get; init; }

    /// <summary>The key of the signatures; null for none.</summary>
    public required byte[]? Secret { get; init; }

    /// <summary>Its name.</summary>
    public string Name => Receiver.Name;
}
