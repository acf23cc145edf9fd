using Akka.Actor;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Cluster;

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
    internal static ReadinessCheck ClusterMembership(ActorSystem system, JoinProgress progress)
    {
        var cluster = Akka.Cluster.Cluster.Get(system);
        return Of("cluster", _ => Task.FromResult(MembershipFailure(cluster, progress)));
    }

    /// <summary>Why the node is not an up member of the cluster; null if it is.</summary>
    internal static string? MembershipFailure(Akka.Cluster.Cluster cluster, JoinProgress progress) => cluster.SelfMember.Status switch
    {
        Akka.Cluster.MemberStatus.Up => null,
        var status => progress.WaitsFor ?? $"this node is not up in the cluster; its status is {WireName.Of(status)}",
    };

    /// <summary>
    /// Passes once this node has reached every queue partition, coordinator and directory bucket, and while at least one of each kind
    /// serves. If it failed for a single one, it would fail on all nodes, and a load balancer would stop the work of all others.
    /// </summary>
    public static ReadinessCheck Owners(OwnerHealth health, PartitionSettings partitions) =>
        new("owners", _ => Task.FromResult(OwnerFailures(health.Down, partitions)));

    /// <summary>The owners that keep the node from being ready, each with its reason.</summary>
    internal static IReadOnlyDictionary<string, string> OwnerFailures(
        IReadOnlyDictionary<string, DownOwner> down, PartitionSettings partitions)
    {
        string[][] kinds =
        [
            Ids(partitions.Queues, PersistenceIds.Queue),
            Ids(partitions.Coordinators, PersistenceIds.Coordinator),
            Ids(partitions.DirectoryBuckets, PersistenceIds.DirectoryBucket),
        ];
        var lost = kinds.Where(kind => Array.TrueForAll(kind, down.ContainsKey)).SelectMany(kind => kind);
        // No call of a worker or of a task needs the owner of alerts.
        var starting = down.Where(owner => owner.Value.IsStarting && owner.Key != PersistenceIds.Alerts).Select(owner => owner.Key);
        return lost.Union(starting).ToDictionary(owner => owner, owner => down[owner].Why, StringComparer.Ordinal);

        static string[] Ids(int count, Func<int, string> id) => [.. Enumerable.Range(0, count).Select(id)];
    }
}
