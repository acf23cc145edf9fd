using System.Runtime.CompilerServices;
using Akka.Cluster;
using Akka.Util;

namespace Morag.Failover.Simulation.Clusters;

/// <summary>Members of the cluster as Akka.Cluster announces them.</summary>
internal static class SimulatedMember
{
    /// <summary>The address of whatever node runs in a slot.</summary>
    public static Address AddressOf(int slot) => new("akka.tcp", "morag", $"node-{slot}", 2551);

    public static ClusterEvent.MemberUp Up(int slot) => new(Of(slot, MemberStatus.Up));

    public static ClusterEvent.MemberDowned Downed(int slot) => new(Of(slot, MemberStatus.Down));

    public static ClusterEvent.UnreachableMember Unreachable(int slot) => new(Of(slot, MemberStatus.Up));

    public static ClusterEvent.ReachableMember Reachable(int slot) => new(Of(slot, MemberStatus.Up));

    private static Member Of(int slot, MemberStatus status) =>
        Create(null, new UniqueAddress(AddressOf(slot), slot), 1, status, [], AppVersion.Zero);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod)]
    private static extern Member Create(
        Member? _, UniqueAddress address, int upNumber, MemberStatus status, ImmutableHashSet<string> roles, AppVersion version);
}
