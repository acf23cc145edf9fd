using System.Text.Json;

namespace Morag.Failover.Client.Connection;

/// <summary>A call succeeded, but its answer cannot be read because of a proxy, another version or a defect.</summary>
internal sealed class UnreadableAnswer(string call, Exception cause)
    : Exception($"the node's answer to {call} cannot be read: {cause.Message}", cause)
{
    /// <summary>Whether reading unexpected JSON can throw this exception.</summary>
    public static bool Explains(Exception failure) =>
        failure is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException;
}
