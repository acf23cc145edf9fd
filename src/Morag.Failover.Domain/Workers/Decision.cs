using Morag.Failover.Domain.Owners;

namespace Morag.Failover.Domain.Workers;

/// <summary>What a command to a worker comes to.</summary>
/// <param name="Event">What changes; null where nothing does.</param>
/// <param name="Reply">The answer, to be given once the event is durable.</param>
public readonly record struct Decision(IStoredEvent? Event, IWireMessage Reply)
{
    /// <summary>Nothing changes.</summary>
    public static Decision Only(IWireMessage reply) => new(null, reply);
}
