using Akka.Actor;

namespace Morag.Failover.Node.Cluster;

/// <summary>What the log says about the membership of this node.</summary>
internal static partial class ClusterMessages
{
    [LoggerMessage(LogLevel.Information, "This node has joined the cluster")]
    public static partial void Joined(this ILogger log);

    [LoggerMessage(LogLevel.Information, "No other node is present in Redis: this node forms the cluster")]
    public static partial void FormsCluster(this ILogger log);

    [LoggerMessage(
        LogLevel.Warning,
        "This node waits until it can join the cluster: {Why}. It keeps trying. Check the network, and the certificates of the nodes")]
    public static partial void WaitsToJoin(this ILogger log, string why);

    [LoggerMessage(
        LogLevel.Warning,
        "This node cannot renew its presence in Redis ({Why}). If the cluster has other nodes, it answers no calls until it can, because "
        + "they may take over from it")]
    public static partial void PresenceNotRenewed(this ILogger log, string why);

    [LoggerMessage(LogLevel.Warning, "This node takes over from {Node}: {Why}")]
    public static partial void TakesOver(this ILogger log, Address node, string why);

    [LoggerMessage(
        LogLevel.Error,
        "This node was taken over: it did not renew its presence in Redis for {Seconds:0.#} s or more, or the cluster downed it. It "
        + "answers no more calls and stops. Restart it. Look for long pauses of the process, a busy machine or a slow Redis, or raise "
        + "morag.presence.timeout")]
    public static partial void WasTakenOver(this ILogger log, double seconds);

    [LoggerMessage(
        LogLevel.Error,
        "This node was downed: it lost contact with other nodes, and the split brain resolver decided that its side stops, or an operator "
        + "downed it. It answers no more calls and stops. Restart it when the network works again")]
    public static partial void WasDowned(this ILogger log);
}
