using Akka.Actor;
using Morag.Failover.Actors.Persistence;
using Morag.Persistence.Redis;

namespace Morag.Failover.Node.Stores;

/// <summary>Removes the stored events and snapshots of an entity from the node's Redis.</summary>
internal sealed class RedisHistoryEraser(ActorSystem system) : IHistoryEraser
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <inheritdoc />
    public Task EraseAsync(string persistenceId, long sequenceNr) =>
        RedisPersistence.EraseAsync(system, persistenceId, sequenceNr, Timeout);
}
