using Akka.Actor;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Node.Http.Health;

/// <summary>One thing that must be well for this node to get calls.</summary>
/// <param name="Name">What it is about, such as <c>journal</c>.</param>
/// <param name="Troubles">
/// What is wrong now, by name, each with the reason; empty where all is well. Throwing, or taking longer than two seconds, means that
/// something is wrong.
/// </param>
public sealed record ReadinessCheck(string Name, Func<CancellationToken, Task<IReadOnlyDictionary<string, string>>> Troubles)
{
    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    /// <summary>A check of one thing: the reason why it is not well, or null.</summary>
    public static ReadinessCheck Of(string name, Func<CancellationToken, Task<string?>> trouble) => new(
        name,
        async cancellation => await trouble(cancellation) is { } why ? new Dictionary<string, string> { [name] = why } : None);

    /// <summary>This node is a member of the cluster, and up.</summary>
    public static ReadinessCheck ClusterMembership(ActorSystem system) => Of("cluster", _ =>
    {
        var status = Akka.Cluster.Cluster.Get(system).SelfMember.Status;
        return Task.FromResult(status == Akka.Cluster.MemberStatus.Up ? null : $"this node is not a member that is up; its status is {WireName.Of(status)}");
    });

    /// <summary>Every queue partition, coordinator and directory bucket serves.</summary>
    public static ReadinessCheck Owners(OwnerHealth health) => new("owners", _ => Task.FromResult(health.Down));
}
