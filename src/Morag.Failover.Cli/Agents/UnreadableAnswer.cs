using System.Text.Json;

namespace Morag.Failover.Cli.Agents;

/// <summary>The node carried a call out, and what it answered is not what it should be: a proxy, another version, or a defect.</summary>
internal sealed class UnreadableAnswer(string call, Exception cause)
    : Exception($"the node's answer to {call} cannot be read: {cause.Message}", cause)
{
    /// <summary>Whether reading JSON as something else than it is can fail like this.</summary>
    public static bool Explains(Exception failure) =>
        failure is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException;
}
