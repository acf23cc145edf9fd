namespace Morag.Failover.Domain.Nodes;

/// <summary>
/// What an owner knows about the gateway of a worker, which is the node through which the worker's last call or beat arrived. The default
/// value is a healthy gateway.
/// </summary>
/// <param name="Node">The gateway's host and port.</param>
/// <param name="LostAt">When it was lost; from then on the worker's silence is no evidence. Null while it is a healthy member.</param>
/// <param name="CountsFrom">Silence before this time does not count.</param>
/// <param name="HealthyUntil">The last time that it is known to have been healthy; null if that is now, or if it is lost.</param>
/// <param name="Patience">Its own patience.</param>
public readonly record struct GatewayHealth(
    string? Node, DateTimeOffset? LostAt, DateTimeOffset CountsFrom, DateTimeOffset? HealthyUntil, Patience Patience)
{
    /// <summary>A gateway that is silent for this many times the tolerance is lost, even if the cluster does not report it.</summary>
    public const int OutagesUntilLost = 10;

    /// <summary>True while the owner has received nothing from the worker since it started, so it does not know the gateway.</summary>
    public bool IsUnknown { get; init; }

    /// <summary>Whether the silence of the worker is evidence that the worker is lost.</summary>
    public bool IsObserver => !IsUnknown && LostAt is null;
}
