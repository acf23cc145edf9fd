namespace Morag.Failover.Node.Logging;

/// <summary>The format of the node's log.</summary>
public enum NodeLogFormat
{
    /// <summary>Text for people.</summary>
    Text = 0,

    /// <summary>One JSON object for each entry.</summary>
    Json = 1,
}
