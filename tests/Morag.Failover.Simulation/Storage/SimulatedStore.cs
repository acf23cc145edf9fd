using Morag.Failover.Simulation.Clusters;
using Morag.Failover.Simulation.Faults;
using Morag.Failover.Simulation.Nodes;

namespace Morag.Failover.Simulation.Storage;

/// <summary>
/// The store that all nodes share. It holds bytes, refuses a second writer by the sequence number as the Redis journal does, and does to
/// each operation what the faults say.
/// </summary>
internal sealed class SimulatedStore(SimulatedCluster cluster)
{
    private readonly SortedDictionary<string, StoredHistory> entities = new(StringComparer.Ordinal);

    /// <summary>What is wrong with it now.</summary>
    public List<StoreFaults> Faults { get; } = [];

    /// <summary>The presence of the nodes.</summary>
    public PresenceTable Presence { get; } = new();

    /// <summary>Called with every event when it is stored, and with the node that stores it.</summary>
    public Action<string, IStoredEvent, SimulatedNode> OnStored { get; set; } = (_, _, _) => { };

    /// <summary>Called when everything that was stored of an owner is erased.</summary>
    public Action<string> OnErased { get; set; } = _ => { };

    public StoredHistory Of(string persistenceId)
    {
        if (!entities.TryGetValue(persistenceId, out var stored))
        {
            entities[persistenceId] = stored = new StoredHistory(refusesSecondWriter: !cluster.Sabotage.KeepsSecondOwners);
        }

        return stored;
    }

    /// <summary>What becomes of an operation of a node, and how long it takes to the store and back.</summary>
    public (OperationFate Fate, TimeSpan There, TimeSpan Back) Draw(SimulatedNode node, bool isWrite)
    {
        var (there, back) = (cluster.World.Seconds(0.0002, 0.001), cluster.World.Seconds(0.0002, 0.001));
        var fate = OperationFate.Done;
        foreach (var fault in Faults)
        {
            there += fault.Delay(node.Slot);
            back += fault.Delay(node.Slot);
            fate = fate == OperationFate.Done ? fault.FateOf(node.Slot, isWrite) : fate;
        }

        return (fate, there, fate is OperationFate.ReplyLost or OperationFate.Unreachable ? back + cluster.World.Seconds(1, 6) : back);
    }

    /// <summary>Forgets an event that was acknowledged, if the planted bug says so, together with its owner.</summary>
    public void ForgetIfSabotaged(string persistenceId, long sequenceNr, IStoredEvent @event, Action crash)
    {
        if (cluster.Sabotage.Forgets(@event))
        {
            cluster.World.After(TimeSpan.FromMilliseconds(2), () =>
            {
                if (Of(persistenceId).ForgetLast(sequenceNr))
                {
                    crash();
                }
            });
        }
    }
}

/// <summary>What becomes of one operation of the store.</summary>
internal enum OperationFate
{
    Done = 0,

    /// <summary>It is not done, and the caller is told so.</summary>
    Failed = 1,

    /// <summary>It is done, but the caller hears nothing until it gives up.</summary>
    ReplyLost = 2,

    /// <summary>It is not done, and the caller hears nothing until it gives up.</summary>
    Unreachable = 3,

    /// <summary>Nothing can be written, because the disk is full.</summary>
    DiskFull = 4,

    /// <summary>The owner crashes before the write.</summary>
    OwnerCrashesBefore = 5,

    /// <summary>The owner crashes after the write, before it hears of it.</summary>
    OwnerCrashesAfter = 6,
}
