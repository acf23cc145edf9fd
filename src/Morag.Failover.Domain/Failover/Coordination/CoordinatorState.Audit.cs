using Morag.Failover.Contracts.Audit;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <summary>Owners handed over what operators did.</summary>
[ProtoContract(Name = "failover.operator-actions-recorded")]
public sealed record OperatorActionsRecorded : IStoredEvent
{
    [ProtoMember(1)] public ImmutableArray<AuditEntry> Entries { get; init; } = [];
}

/// <summary>The oldest audit entries were forgotten, because they were too old or took too much memory.</summary>
[ProtoContract(Name = "failover.audit-forgotten")]
public sealed record AuditForgotten : IStoredEvent
{
    [ProtoMember(1)] public required int Count { get; init; }
}

/// <content>What operators did. Each owner hands its entries to one coordinator.</content>
public sealed partial record CoordinatorState
{
    private const int MostAuditForgottenAtOnce = 1_000;

    /// <summary>What operators did.</summary>
    public AuditTrail Audit { get; private init; } = AuditTrail.Empty;

    /// <summary>Records the entries that are not known yet; null if all are.</summary>
    public OperatorActionsRecorded? Decide(RecordAudit command) =>
        Audit.NewIn(command.Entries) is { IsEmpty: false } fresh ? new OperatorActionsRecorded { Entries = fresh } : null;

    /// <summary>The audit entries to forget now; null if there are none.</summary>
    public AuditForgotten? AuditToForget(AuditSettings settings, DateTimeOffset now) =>
        Audit.CountToForget(settings, now, MostAuditForgottenAtOnce) is > 0 and var count ? new AuditForgotten { Count = count } : null;
}
