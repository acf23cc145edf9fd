namespace Morag.Failover.Simulation.Clusters;

/// <summary>The kinds of owners.</summary>
internal enum RegionKind
{
    Queues = 0,
    Coordinators = 1,
    Workers = 2,
    Directory = 3,
}
