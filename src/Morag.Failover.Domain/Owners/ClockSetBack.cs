namespace Morag.Failover.Domain.Owners;

/// <summary>
/// An owner came back on a clock behind the one that its state was written by: the machine's clock was set back, or the node that it was
/// on before had one that was ahead. What is dated later counts from <see cref="At"/>, with its due time moved along, so that no duration
/// becomes longer than it was meant to be.
/// </summary>
[ProtoContract(Name = "owner.clock-set-back")]
public sealed record ClockSetBack : IStoredEvent
{
    /// <summary>When, on the clock that holds now.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
}
