using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Alerts;

/// <summary>A message to the owner of alerts. There is one in the cluster.</summary>
public interface IAlertMessage : IWireMessage;

/// <summary>Lists alerts, those that were raised last first. The reply is <see cref="AlertPage"/>.</summary>
[ProtoContract(Name = "list-alerts")]
public sealed record ListAlerts : IAlertMessage
{
    /// <summary>Only alerts in this state.</summary>
    [ProtoMember(1)] public AlertState? State { get; init; }

    /// <summary>Only alerts of this severity.</summary>
    [ProtoMember(2)] public AlertSeverity? Severity { get; init; }

    /// <summary>Only alerts about this queue, worker, node or owner.</summary>
    [ProtoMember(3)] public string? Component { get; init; }

    /// <summary>Only those after this one in the order (number descending).</summary>
    [ProtoMember(4)] public string? After { get; init; }

    /// <summary>The most to return, 1 to 1,000.</summary>
    [ProtoMember(5)] public int Limit { get; init; } = CallLimits.DefaultPage;
}

/// <summary>A page of alerts.</summary>
[ProtoContract(Name = "alert-page")]
public sealed record AlertPage : IWireMessage
{
    /// <summary>The alerts.</summary>
    [ProtoMember(1)] public ImmutableArray<Alert> Alerts { get; init; } = [];

    /// <summary>
    /// Whether more follow. A page ends at its limit of entries, or at <see cref="MessageLimits.MaxGatheredBytes"/>.
    /// </summary>
    [ProtoMember(2)] public bool HasMore { get; init; }
}

/// <summary>Asks for one alert. The reply is <see cref="AlertReply"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "get-alert")]
public sealed record GetAlert : IAlertMessage
{
    /// <summary>Its number.</summary>
    [ProtoMember(1)] public required string Id { get; init; }
}

/// <summary>One alert.</summary>
[ProtoContract(Name = "alert-reply")]
public sealed record AlertReply : IWireMessage
{
    /// <summary>The alert.</summary>
    [ProtoMember(1)] public required Alert Alert { get; init; }
}

/// <summary>
/// An operator takes care of an alert. The reply, once it is durable, is <see cref="AlertReply"/> or <see cref="Refused"/>. An alert that
/// is acknowledged already stays as it is; one that is resolved is refused.
/// </summary>
[ProtoContract(Name = "acknowledge-alert")]
public sealed record AcknowledgeAlert : IAlertMessage
{
    /// <summary>Its number.</summary>
    [ProtoMember(1)] public required string Id { get; init; }

    /// <summary>A note for others; empty for none.</summary>
    [ProtoMember(2)] public string Note { get; init; } = "";

    /// <summary>Who: the name of the caller's token, or <c>-</c>. Over HTTP, the node sets it.</summary>
    [ProtoMember(3)] public string By { get; init; } = Queues.OperatorChange.Nobody;
}

/// <summary>
/// An operator no longer takes care of an alert. The reply is <see cref="AlertReply"/> or <see cref="Refused"/>. An alert that nobody has
/// acknowledged stays as it is; one that is resolved is refused.
/// </summary>
[ProtoContract(Name = "unacknowledge-alert")]
public sealed record UnacknowledgeAlert : IAlertMessage
{
    /// <summary>Its number.</summary>
    [ProtoMember(1)] public required string Id { get; init; }

    /// <summary>Why; empty for no reason.</summary>
    [ProtoMember(2)] public string Note { get; init; } = "";

    /// <summary>Who: the name of the caller's token, or <c>-</c>. Over HTTP, the node sets it.</summary>
    [ProtoMember(3)] public string By { get; init; } = Queues.OperatorChange.Nobody;
}

/// <summary>Asks for the thresholds. The reply is <see cref="AlertSettingsReport"/>.</summary>
[ProtoContract(Name = "get-alert-settings")]
public sealed record GetAlertSettings : IAlertMessage;

/// <summary>
/// Changes thresholds, and turns rules on and off. The changes take precedence over the configuration until they are reset, also after
/// restarts. The reply is <see cref="AlertSettingsReport"/> or <see cref="Refused"/>.
/// </summary>
[ProtoContract(Name = "set-alert-settings")]
public sealed record SetAlertSettings : IAlertMessage
{
    /// <summary>The new thresholds. Those that are null stay as they are.</summary>
    [ProtoMember(1)] public AlertThresholds Thresholds { get; init; } = new();

    /// <summary>The thresholds that follow the configuration again.</summary>
    [ProtoMember(2)] public ImmutableArray<AlertThreshold> Reset { get; init; } = [];

    /// <summary>Rules to turn off. Their open alerts are resolved.</summary>
    [ProtoMember(3)] public ImmutableArray<AlertKind> Off { get; init; } = [];

    /// <summary>Rules to turn on.</summary>
    [ProtoMember(4)] public ImmutableArray<AlertKind> On { get; init; } = [];

    /// <summary>Why.</summary>
    [ProtoMember(5)] public required string Reason { get; init; }

    /// <summary>Who: the name of the caller's token, or <c>-</c>. Over HTTP, the node sets it.</summary>
    [ProtoMember(6)] public string By { get; init; } = Queues.OperatorChange.Nobody;
}

/// <summary>The thresholds of alerts.</summary>
[ProtoContract(Name = "alert-settings-report")]
public sealed record AlertSettingsReport : IWireMessage
{
    /// <summary>The thresholds in force. All are set.</summary>
    [ProtoMember(1)] public required AlertThresholds Thresholds { get; init; }

    /// <summary>The thresholds of the configuration, of the node that answers. All are set.</summary>
    [ProtoMember(2)] public required AlertThresholds Configured { get; init; }

    /// <summary>The thresholds that an operator has changed.</summary>
    [ProtoMember(3)] public ImmutableArray<AlertThreshold> Overridden { get; init; } = [];

    /// <summary>The rules that are off.</summary>
    [ProtoMember(4)] public ImmutableArray<AlertKind> Off { get; init; } = [];

    /// <summary>Who last changed them, when and why; null if nobody did.</summary>
    [ProtoMember(5)] public Queues.OperatorChange? Changed { get; init; }
}
