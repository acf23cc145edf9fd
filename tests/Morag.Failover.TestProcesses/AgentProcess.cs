using System.Globalization;

namespace Morag.Failover.TestProcesses;

/// <summary>How a worker agent is started.</summary>
public sealed record AgentProcessSettings
{
    /// <summary>The node that it works for.</summary>
    public required Uri Node { get; init; }

    /// <summary>Its worker's id.</summary>
    public required string WorkerId { get; init; }

    /// <summary><c>cpu</c>, <c>gpu</c> or <c>hybrid</c>.</summary>
    public required string Capability { get; init; }

    /// <summary>Where it keeps its spool.</summary>
    public required string WorkFolder { get; init; }

    /// <summary>What it runs for each task.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Its queues; empty: all that its capability serves.</summary>
    public IReadOnlyList<string> Queues { get; init; } = [];

    /// <summary>How many tasks it runs at once.</summary>
    public int Slots { get; init; } = 1;

    /// <summary>How often it heartbeats; null leaves it at its default.</summary>
    public TimeSpan? Heartbeat { get; init; }
}

/// <summary>Starts real worker agents, as <c>morag worker run</c>.</summary>
public static class AgentProcess
{
    /// <summary>Starts one.</summary>
    public static RunningProgram Start(AgentProcessSettings settings) => RunningProgram.Start(Programs.Morag, Arguments(settings));

    /// <summary>Starts one that is process 1 of a namespace of its own, as in a container; the program is that of <c>unshare</c>, and the agent its child.</summary>
    public static RunningProgram StartAsFirstProcess(AgentProcessSettings settings) =>
        RunningProgram.StartUnder(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"], Programs.Morag, Arguments(settings));

    private static IEnumerable<string> Arguments(AgentProcessSettings settings) =>
    [
        "worker", "run",
        "--node", settings.Node.ToString(),
        "--worker-id", settings.WorkerId,
        "--capability", settings.Capability,
        "--slots", settings.Slots.ToString(CultureInfo.InvariantCulture),
        "--work-dir", settings.WorkFolder,
        .. settings.Queues.Count > 0 ? (string[])["--queues", string.Join(',', settings.Queues)] : [],
        .. settings.Heartbeat is { } heartbeat
            ? (string[])["--heartbeat", heartbeat.TotalSeconds.ToString(CultureInfo.InvariantCulture)]
            : [],
        "--", .. settings.Command,
    ];
}
