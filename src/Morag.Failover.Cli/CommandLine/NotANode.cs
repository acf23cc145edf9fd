using Morag.Failover.Client.Connection;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>An address answers with success, but not as a Morag node does.</summary>
internal sealed class NotANode(Uri node, string why) : Exception($"{node.GetLeftPart(UriPartial.Authority)} is not a Morag node: {why}")
{
    /// <summary>The address and the reason, for a list of addresses.</summary>
    public FailedAttempt Attempt { get; } = new(node, new FormatException(why));
}
