using Morag.Failover.Actors.Persistence;

namespace Morag.Failover.Actors.Tests.Storage;

/// <summary>Erases on the <see cref="SpecStore"/> of a system.</summary>
public sealed class SpecEraser(ActorSystem system) : IHistoryEraser
{
    public Task EraseAsync(string persistenceId, long sequenceNr)
    {
        var store = SpecStoreSetup.Of(system);
        if (store.FailsToErase)
        {
            return Task.FromException(new InvalidOperationException("the spec fails to erase"));
        }

        store.Of(persistenceId).Erase();
        return Task.CompletedTask;
    }
}
