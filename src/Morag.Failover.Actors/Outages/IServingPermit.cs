namespace Morag.Failover.Actors.Outages;

/// <summary>
/// Reports whether this node may still answer for its owners. A node that was frozen or cut off may have been taken over by another node
/// without noticing, and then its state in memory is out of date.
/// </summary>
public interface IServingPermit
{
    /// <summary>The permit of a node that no other node can take over from, such as a cluster of one.</summary>
    static readonly IServingPermit Always = new Permanent();

    /// <summary>The state of the permit now. It is read for every message, so it must be cheap.</summary>
    ServingPermit State { get; }

    /// <summary>Why the permit could not be renewed the last time, for people; null if it was renewed.</summary>
    string? Failure => null;

    private sealed class Permanent : IServingPermit
    {
        public ServingPermit State => ServingPermit.Valid;
    }
}

/// <summary>Whether a node may answer for its owners.</summary>
public enum ServingPermit
{
    /// <summary>The node may answer.</summary>
    Valid = 0,

    /// <summary>The node must hold its answers: it does not know yet whether another node has taken over.</summary>
    Lapsed = 1,

    /// <summary>Another node has taken over. This node never answers again.</summary>
    Revoked = 2,
}
