using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Settings;
using Morag.Failover.History;
using Morag.Failover.Simulation.Clusters;
using Morag.Failover.Simulation.Worlds;

namespace Morag.Failover.Simulation.Clients;

/// <summary>What the clients of one simulation share.</summary>
internal sealed record Running(
    World World, SimulatedCluster Cluster, Gateways Gateways, FailoverSettings Settings, Pace Pace, Action<Happening> Record)
{
    private static readonly FailureType[] FailureTypes = Enum.GetValues<FailureType>();

    private int number;

    /// <summary>A number that nothing else in this simulation has.</summary>
    public int NextNumber() => ++number;

    /// <summary>Any failure type that there is.</summary>
    public FailureType AnyFailureType() => FailureTypes[World.Random.Next(FailureTypes.Length)];
}
