using Akka.Actor;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Node.Http.Health;

/// <summary>A check that must pass before this node serves calls.</summary>
/// <param name="Name">The name of the check, such as <c>journal</c>.</param>
/// <param name="Failures">
/// Returns the current failures by name, each with its reason; empty if the check passes. A check that throws or takes longer than two
/// seconds fails.
/// </param>
public sealed record ReadinessCheck(string Name, Func<CancellationToken, Task<IReadOnlyDictionary<string, string>>> Failures)
{
    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    /// <summary>A check with a single result: the reason why it fails, or null.</summary>
    public static ReadinessCheck Of(string name, Func<CancellationToken, Task<string?>> failure) => new(
        name,
        async cancellation => await failure(cancellation) is { } why ? new Dictionary<string, string> { [name] = why } : None);

    /// <summary>Passes while this node is an up member of the cluster.</summary>
    public static ReadinessCheck ClusterMembership(ActorSystem system)
    {
        var cluster = Akka.Cluster.Cluster.Get(system);
        return Of("cluster", _ => Task.FromResult(MembershipFailure(cluster)));
    }

    /// <summary>Why the node is not an up member of the cluster; null if it is.</summary>
    internal static string? MembershipFailure(Akka.Cluster.Cluster cluster) => cluster.SelfMember.Status switch
    {
        Akka.Cluster.MemberStatus.Up => null,
        var status => $"this node is not up in the cluster; its status is {WireName.Of(status)}",
    };

    /// <summary>Passes while every queue partition, coordinator and directory bucket on this node is up.</summary>
    public static ReadinessCheck Owners(OwnerHealth health) => new("owners", _ => Task.FromResult(health.Down));
}
