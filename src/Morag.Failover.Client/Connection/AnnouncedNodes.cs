using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Client.Connection;

/// <summary>Which of the addresses that a node announces may be called with the token.</summary>
internal static class AnnouncedNodes
{
    /// <summary>The most addresses that are learned, so that a faulty node cannot fill the memory.</summary>
    public const int MaxCount = 128;

    private const int MaxUrlLength = 2_000;

    /// <summary>
    /// The usable addresses, reachable nodes first. An address must have the scheme of the connection that announced it: a token is never
    /// sent unencrypted because a node said so. A loopback address is another machine's unless the announcing node is on this one.
    /// </summary>
    /// <param name="nodes">The nodes that the node listed.</param>
    /// <param name="from">The address of the node that answered.</param>
    /// <param name="canBeRead">Whether a proxy could read the calls to a URL.</param>
    public static NodeAddress[] Usable(IEnumerable<ClusterNode> nodes, NodeAddress from, Func<Uri, bool> canBeRead) =>
    [
        .. nodes
            .OfType<ClusterNode>()
            .Where(node => node.Status is "up" or "weakly_up" or "joining")
            .OrderByDescending(node => node.Reachable)
            .Select(node => Parse(node.Address))
            .OfType<Uri>()
            .Where(url => url.Scheme == from.Url.Scheme && (!NodeProxy.IsLoopback(url) || NodeProxy.IsLoopback(from.Url)))
            .Where(url => !canBeRead(url))
            .Select(NodeAddress.Of)
            .Distinct()
            .Take(MaxCount),
    ];

    private static Uri? Parse(string? text) =>
        text is { Length: > 0 and <= MaxUrlLength }
        && Uri.TryCreate(text, UriKind.Absolute, out var url)
        && url is { AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "" }
            ? url
            : null;
}
