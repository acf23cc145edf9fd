using Microsoft.Extensions.Configuration;
using Morag.Failover.Contracts.Ids;

namespace Morag.Samples.Worker;

/// <summary>What this worker is, and which node it works for.</summary>
internal sealed record WorkerSettings(Uri Node, string? Token, WorkerId WorkerId)
{
    /// <summary>New for each start of the process, so that the node tells a restarted worker from the one before it.</summary>
    public InstanceId InstanceId { get; } = new(Guid.NewGuid().ToString("n"));

    /// <summary>The node declares the worker suspect, and then offline, when heartbeats at this interval stay away.</summary>
    public TimeSpan HeartbeatInterval { get; } = TimeSpan.FromSeconds(1);
}

internal static class WorkerSettingsConfiguration
{
    /// <summary>Reads the command line, then the environment: <c>--node</c>, <c>--worker-id</c> and <c>MORAG_TOKEN</c>.</summary>
    public static WorkerSettings Get(this IConfiguration configuration) => new(
        new Uri(configuration["node"] ?? "http://127.0.0.1:8080"),
        configuration["MORAG_TOKEN"],
        new WorkerId(configuration["worker-id"] ?? Environment.MachineName));
}
