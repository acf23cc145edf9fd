namespace Morag.Failover.Contracts.Alerts;

/// <summary>Asks how the webhooks do. The reply is <see cref="WebhookList"/>.</summary>
[ProtoContract(Name = "list-webhooks")]
public sealed record ListWebhooks : IAlertMessage;

/// <summary>The configured receivers of alerts.</summary>
[ProtoContract(Name = "webhook-list")]
public sealed record WebhookList : Wire.IWireMessage
{
    /// <summary>The receivers, by name.</summary>
    [ProtoMember(1)] public ImmutableArray<WebhookStatus> Webhooks { get; init; } = [];
}

/// <summary>A receiver of alerts, and how sending to it goes.</summary>
[ProtoContract]
public sealed record WebhookStatus
{
    /// <summary>Its name in the configuration.</summary>
    [ProtoMember(1)] public required string Name { get; init; }

    /// <summary>Its host and port. The rest of its URL is not shown, because it can be a secret.</summary>
    [ProtoMember(2)] public required string Host { get; init; }

    /// <summary>The form of the bodies.</summary>
    [ProtoMember(3)] public WebhookFormat Format { get; init; } = WebhookFormat.Generic;

    /// <summary>Only alerts of this severity or worse are sent.</summary>
    [ProtoMember(4)] public AlertSeverity MinSeverity { get; init; } = AlertSeverity.Info;

    /// <summary>The changes that it has not received yet.</summary>
    [ProtoMember(5)] public int Pending { get; init; }

    /// <summary>When it last accepted one, as far as the present owner of alerts knows.</summary>
    [ProtoMember(6)] public DateTimeOffset? DeliveredAt { get; init; }

    /// <summary>How often the change that is due now was sent in vain, as far as the present owner of alerts knows.</summary>
    [ProtoMember(7)] public int Failures { get; init; }

    /// <summary>Why it was last sent in vain; null if the last one was accepted.</summary>
    [ProtoMember(8)] public string? LastFailure { get; init; }

    /// <summary>
    /// The changes that it never received: too many were pending, they were sent in vain for too long, or it rejected them.
    /// </summary>
    [ProtoMember(9)] public long Dropped { get; init; }
}

/// <summary>The form of the bodies that a webhook sends.</summary>
public enum WebhookFormat
{
    /// <summary>JSON with the whole alert.</summary>
    Generic = 1,

    /// <summary>A text, as Slack, Mattermost and others accept it.</summary>
    Slack = 2,
}

/// <summary>
/// Sends a test to receivers, once and at once. Nothing is stored. The reply is <see cref="WebhookTestReport"/> or
/// <see cref="Wire.Refused"/>.
/// </summary>
[ProtoContract(Name = "test-webhook")]
public sealed record TestWebhook : IAlertMessage
{
    /// <summary>The receiver; null for all.</summary>
    [ProtoMember(1)] public string? Name { get; init; }
}

/// <summary>How a test of receivers went.</summary>
[ProtoContract(Name = "webhook-test-report")]
public sealed record WebhookTestReport : Wire.IWireMessage
{
    /// <summary>One result for each receiver, by name.</summary>
    [ProtoMember(1)] public ImmutableArray<WebhookTestResult> Results { get; init; } = [];
}

/// <summary>How the test of one receiver went.</summary>
[ProtoContract]
public sealed record WebhookTestResult
{
    /// <summary>The receiver.</summary>
    [ProtoMember(1)] public required string Name { get; init; }

    /// <summary>Whether it accepted the test.</summary>
    [ProtoMember(2)] public bool Delivered { get; init; }

    /// <summary>What it answered, or why it did not.</summary>
    [ProtoMember(3)] public required string Detail { get; init; }
}
