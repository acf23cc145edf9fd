namespace Morag.Failover.Contracts.Live;

/// <summary>Tells a reader of live events that some may be missing. The lists have them.</summary>
public sealed record LiveGapNotice
{
    /// <summary>Why.</summary>
    public required string Reason { get; init; }
}
