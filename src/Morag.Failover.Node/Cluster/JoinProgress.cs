namespace Morag.Failover.Node.Cluster;

/// <summary>What a node that is not up in the cluster waits for.</summary>
internal sealed class JoinProgress
{
    private volatile string? waitsFor;

    /// <summary>What it waits for; null if nothing is known to keep it.</summary>
    public string? WaitsFor
    {
        get => waitsFor;
        set => waitsFor = value;
    }
}
