using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Audit;

/// <summary>Asks one coordinator for what operators did, newest first. The reply is <see cref="AuditPage"/>.</summary>
[ProtoContract(Name = "list-audit")]
public sealed record ListAudit : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>Only entries of the operator with this name.</summary>
    [ProtoMember(2)] public string? By { get; init; }

    /// <summary>Only this action.</summary>
    [ProtoMember(3)] public AuditAction? Action { get; init; }

    /// <summary>Only entries about this task, worker or queue.</summary>
    [ProtoMember(4)] public string? Target { get; init; }

    /// <summary>Only entries from this time on.</summary>
    [ProtoMember(5)] public DateTimeOffset? Since { get; init; }

    /// <summary>Only entries before this time.</summary>
    [ProtoMember(6)] public DateTimeOffset? Until { get; init; }

    /// <summary>Only those after this one in the order (time descending, then id descending).</summary>
    [ProtoMember(7)] public AuditCursor? After { get; init; }

    /// <summary>The most to return, 1 to 1,000.</summary>
    [ProtoMember(8)] public int Limit { get; init; } = CallLimits.DefaultPage;
}

/// <summary>A place in the list of what operators did.</summary>
[ProtoContract]
public sealed record AuditCursor
{
    /// <summary>The time of the last one seen.</summary>
    [ProtoMember(1)] public DateTimeOffset At { get; init; }

    /// <summary>The id of the last one seen.</summary>
    [ProtoMember(2)] public required string Id { get; init; }

    /// <summary>The place of an entry.</summary>
    public static AuditCursor Of(AuditEntry last)
    {
        ArgumentNullException.ThrowIfNull(last);
        return new AuditCursor { At = last.At, Id = last.Id };
    }

    /// <summary>The place as the HTTP API writes it into <c>after</c>.</summary>
    public string ToText() => PlaceText.Of(At, Id);
}

/// <summary>A page of what operators did, newest first.</summary>
[ProtoContract(Name = "audit-page")]
public sealed record AuditPage : IWireMessage
{
    /// <summary>The entries.</summary>
    [ProtoMember(1)] public ImmutableArray<AuditEntry> Entries { get; init; } = [];

    /// <summary>
    /// Whether more follow. A page ends at its limit of entries, or at <see cref="MessageLimits.MaxGatheredBytes"/>.
    /// </summary>
    [ProtoMember(2)] public bool HasMore { get; init; }
}
