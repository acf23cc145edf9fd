namespace Morag.Failover.Domain.Owners;

/// <summary>
/// The clock was set back: an owner recovered on a clock behind the one that wrote its state, because the machine's clock was set back or
/// the owner moved from a node whose clock was ahead. Later times become <see cref="At"/>, and deadlines move with them, so that no
/// duration becomes longer than intended.
/// </summary>
[ProtoContract(Name = "owner.clock-set-back")]
public sealed record ClockSetBack : IStoredEvent
{
    /// <summary>The time on the current clock.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
}
