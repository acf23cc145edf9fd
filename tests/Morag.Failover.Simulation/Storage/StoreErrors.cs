using Morag.Failover.Simulation.Nodes;

namespace Morag.Failover.Simulation.Storage;

/// <summary>The errors that callers of the store get, in words that Redis uses.</summary>
internal static class StoreErrors
{
    /// <summary>Why an operation that reads failed; null if it did not.</summary>
    public static Exception? OfRead(OperationFate fate) => fate switch
    {
        OperationFate.Failed => new InvalidOperationException("LOADING the simulated store is loading"),
        OperationFate.ReplyLost or OperationFate.Unreachable => NoReply(),
        _ => null,
    };

    /// <summary>Why a write was not done; null if it was.</summary>
    public static Exception? OfWrite(OperationFate fate) => fate switch
    {
        OperationFate.Failed => new InvalidOperationException("LOADING the simulated store is loading"),
        OperationFate.Unreachable => NoReply(),
        OperationFate.DiskFull => new InvalidOperationException("MISCONF the disk of the simulated store is full"),
        _ => null,
    };

    /// <summary>The caller gave up. Not a time-out exception: that one would start a diagnosis on real threads.</summary>
    public static Exception NoReply() => new InvalidOperationException("CLUSTERDOWN the simulated store does not answer");

    /// <summary>Appends events unless the operation fails, and gives the error.</summary>
    public static Exception? Append(
        this SimulatedStore store,
        SimulatedNode node,
        OperationFate fate,
        string persistenceId,
        IReadOnlyList<(long SequenceNr, StoredBytes Bytes, IStoredEvent Event)> events)
    {
        if (OfWrite(fate) is { } failed)
        {
            return failed;
        }

        try
        {
            store.Of(persistenceId).Append(events);
        }
        catch (InvalidOperationException refused)
        {
            return refused;
        }

        foreach (var (_, _, @event) in events)
        {
            store.OnStored(persistenceId, @event, node);
        }

        return null;
    }
}
