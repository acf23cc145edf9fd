using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Audit;

namespace Morag.Failover.Domain.Alerts;

/// <summary>Alerts were raised, changed, acknowledged or resolved, or old ones were forgotten.</summary>
[ProtoContract(Name = "alerts.changed")]
public sealed record AlertsChanged : IStoredEvent, IAudited
{
    /// <summary>The most alerts in one event, so that it stays small.</summary>
    public const int MaxAlerts = 200;

    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The alerts as they are now; at most <see cref="MaxAlerts"/>.</summary>
    [ProtoMember(2)] public ImmutableArray<Alert> Alerts { get; init; } = [];

    /// <summary>How many of the alerts that were resolved first are forgotten.</summary>
    [ProtoMember(3)] public int Forgotten { get; init; }

    /// <inheritdoc />
    [ProtoMember(4)] public AuditEntry? Audit { get; init; }
}

/// <summary>An operator changed thresholds, or turned rules on or off.</summary>
[ProtoContract(Name = "alerts.settings-changed")]
public sealed record AlertSettingsChanged : IStoredEvent, IAudited
{
    /// <summary>What is changed against the configuration, after the change.</summary>
    [ProtoMember(1)] public required AlertOverrides Overrides { get; init; }

    /// <inheritdoc />
    [ProtoMember(2)] public AuditEntry? Audit { get; init; }
}

/// <summary>What operators have changed against the configuration.</summary>
[ProtoContract]
public sealed record AlertOverrides
{
    /// <summary>Nothing.</summary>
    public static readonly AlertOverrides None = new();

    /// <summary>Changed thresholds.</summary>
    [ProtoMember(1)] public AlertThresholds Thresholds { get; init; } = new();

    /// <summary>Rules that are off, whatever the configuration says.</summary>
    [ProtoMember(2)] public ImmutableArray<AlertKind> Off { get; init; } = [];

    /// <summary>Rules that are on, whatever the configuration says.</summary>
    [ProtoMember(3)] public ImmutableArray<AlertKind> On { get; init; } = [];

    /// <summary>The last change; null if there was none.</summary>
    [ProtoMember(4)] public OperatorChange? Changed { get; init; }
}

/// <summary>A coordinator stored the audit entries up to a number.</summary>
[ProtoContract(Name = "alerts.audit-delivered")]
public sealed record AlertAuditDelivered : IStoredEvent
{
    /// <summary>The number of the last entry.</summary>
    [ProtoMember(1)] public required long UpTo { get; init; }
}

/// <summary>The snapshot of the alerts, or a part of it.</summary>
[ProtoContract(Name = "alerts.snapshot")]
public sealed record AlertsSnapshot : IStoredState
{
    /// <summary>How many alerts were raised so far. In every part.</summary>
    [ProtoMember(1)] public long Raised { get; init; }

    /// <summary>Alerts: open ones in any order, resolved ones in the order in which they were resolved.</summary>
    [ProtoMember(2)] public ImmutableArray<Alert> Alerts { get; init; } = [];

    /// <summary>What operators have changed. In every part.</summary>
    [ProtoMember(3)] public AlertOverrides Overrides { get; init; } = new();

    /// <summary>The number of the last audit entry. In every part.</summary>
    [ProtoMember(4)] public long LastAudit { get; init; }

    /// <summary>The audit entries that no coordinator has recorded yet.</summary>
    [ProtoMember(5)] public ImmutableArray<OwedAudit> OwedAudit { get; init; } = [];

    /// <summary>The number of the last change for receivers. In every part; null in a snapshot of a version without webhooks.</summary>
    [ProtoMember(6)] public long? LastNotice { get; init; }

    /// <summary>The changes that some receiver still waits for, oldest first.</summary>
    [ProtoMember(7)] public ImmutableArray<AlertNotice> Notices { get; init; } = [];

    /// <summary>The number of the last change that each receiver is done with. In every part.</summary>
    [ProtoMember(8)]
    public ImmutableSortedDictionary<string, long> WebhooksDone { get; init; } = ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>The least severity for each receiver that does not wait for every one. In every part.</summary>
    [ProtoMember(9)]
    public ImmutableSortedDictionary<string, AlertSeverity> WebhooksLeast { get; init; } =
        ImmutableSortedDictionary<string, AlertSeverity>.Empty;

    /// <summary>How many changes each receiver never got. In every part.</summary>
    [ProtoMember(10)]
    public ImmutableSortedDictionary<string, long> WebhooksDropped { get; init; } = ImmutableSortedDictionary<string, long>.Empty;
}
