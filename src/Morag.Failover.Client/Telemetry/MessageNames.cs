using System.Collections.Concurrent;
using System.Text.Json;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Telemetry;

/// <summary>The names of messages in traces and metrics, such as <c>submit_tasks</c>.</summary>
internal static class MessageNames
{
    private static readonly ConcurrentDictionary<Type, string> Names = new();

    public static string Of(IWireMessage message) =>
        Names.GetOrAdd(message.GetType(), static type => JsonNamingPolicy.SnakeCaseLower.ConvertName(type.Name));
}
