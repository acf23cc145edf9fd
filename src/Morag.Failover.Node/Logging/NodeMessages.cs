namespace Morag.Failover.Node.Logging;

/// <summary>What the log says about the node as a whole, and its HTTP API.</summary>
internal static partial class NodeMessages
{
    [LoggerMessage(
        LogLevel.Information,
        "Nodes must present a certificate. This node's is valid until {Until:u}; replace it and restart the node before then")]
    public static partial void RequiresNodeCertificates(this ILogger log, DateTime until);

    [LoggerMessage(
        LogLevel.Warning,
        "There is no TLS between nodes: whoever reaches the port for other nodes at {Host} can do everything, without a token. Set "
        + "{Setting}, or keep that port in a private network")]
    public static partial void HasNoTlsBetweenNodes(this ILogger log, string host, string setting);

    [LoggerMessage(
        LogLevel.Warning,
        "The wall clock of this node stepped {Direction} by {Seconds:0.0} s. Deadlines, retries and timeouts are not affected. The times "
        + "that this node shows approach the wall clock by 1 % of elapsed time. Check the machine's time synchronization")]
    public static partial void WallClockStepped(this ILogger log, string direction, double seconds);

    [LoggerMessage(LogLevel.Information, "This node announces the address {Address} to clients (morag.advertise)")]
    public static partial void AnnouncesAddress(this ILogger log, string address);

    [LoggerMessage(LogLevel.Information, "The HTTP API uses the new certificate of {File}, valid until {Until:u}")]
    public static partial void UsesNewCertificate(this ILogger log, string file, DateTime until);

    [LoggerMessage(LogLevel.Warning, "{Refusal}. The HTTP API keeps its current certificate")]
    public static partial void KeepsCertificate(this ILogger log, string refusal);

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
    public static partial void CallFailed(this ILogger log, Exception failure, string method, string path);

    [LoggerMessage(LogLevel.Warning, "A sign-in to the dashboard from {Address} was refused")]
    public static partial void SignInRefused(this ILogger log, System.Net.IPAddress? address);

    [LoggerMessage(LogLevel.Warning, "The dashboard could not read the queues: {Reason}")]
    public static partial void QueuesNotRead(this ILogger log, string reason);

    [LoggerMessage(LogLevel.Warning, "The charts of the dashboard begin with the start of this node: {Reason}")]
    public static partial void ChartsBeginNow(this ILogger log, string reason);

    [LoggerMessage(LogLevel.Error, "Bulk action {Id} ended early")]
    public static partial void BulkEndedEarly(this ILogger log, Exception failure, string id);

    [LoggerMessage(
        LogLevel.Warning,
        "Redis does not answer, so sign-outs on this node and on others take effect only where they happened: {Why}")]
    public static partial void SessionsNotExchanged(this ILogger log, string why);
}
