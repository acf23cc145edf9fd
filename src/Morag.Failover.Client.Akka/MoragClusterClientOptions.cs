using Morag.Failover.Actors.Security;

namespace Morag.Failover.Client.Akka;

/// <summary>How a client reaches the cluster with Akka.NET messages.</summary>
public sealed class MoragClusterClientOptions
{
    /// <summary>
    /// The cluster addresses of nodes, such as <c>node-1:4053</c>; at least one. The client learns the other nodes from any of them.
    /// </summary>
    public IList<string> Nodes { get; } = [];

    /// <summary>
    /// The name or IP address at which the nodes reach this program. Required, because replies are connections from them.
    /// </summary>
    public string Hostname { get; set; } = "";

    /// <summary>The port at which the nodes reach this program, 0 to 65535; 0 for a free one.</summary>
    public int Port { get; set; }

    /// <summary>The certificate of this program and the authorities of the nodes; null if the nodes have no TLS.</summary>
    public ClusterTlsFiles? Tls { get; set; }

    /// <summary>The setting <c>morag.failover.partitions.queues</c> of the cluster, 1 to 1024.</summary>
    public int QueuePartitions { get; set; } = 1;

    /// <summary>The setting <c>morag.failover.partitions.directory-buckets</c> of the cluster, 1 to 1024.</summary>
    public int DirectoryBuckets { get; set; } = 4;

    /// <summary>How failed calls are repeated.</summary>
    public RetryOptions Retries { get; } = new();

    internal IEnumerable<string> BrokenRules()
    {
        (bool IsKept, string Name, string Rule)[] rules =
        [
            (Nodes.Count > 0 && Nodes.All(IsAddress), nameof(Nodes), "must name at least one node as host:port, such as node-1:4053"),
            (Uri.CheckHostName(Hostname) != UriHostNameType.Unknown, nameof(Hostname),
                $"must be the name or IP address at which the nodes reach this program, not \"{Hostname}\""),
            (Port is >= 0 and <= 65_535, nameof(Port), $"must be 0 to 65535, not {Port}"),
            (QueuePartitions is >= 1 and <= 1024, nameof(QueuePartitions), $"must be 1 to 1024, not {QueuePartitions}"),
            (DirectoryBuckets is >= 1 and <= 1024, nameof(DirectoryBuckets), $"must be 1 to 1024, not {DirectoryBuckets}"),
        ];
        return rules.Where(rule => !rule.IsKept).Select(rule => $"{nameof(MoragClusterClientOptions)}.{rule.Name} {rule.Rule}");
    }

    private static bool IsAddress(string node) =>
        Uri.TryCreate($"akka.tcp://morag@{node}/", UriKind.Absolute, out var address) && address is { Port: > 0, AbsolutePath: "/" };
}
