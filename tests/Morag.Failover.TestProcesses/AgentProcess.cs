using System.Globalization;

namespace Morag.Failover.TestProcesses;

/// <summary>The settings of a worker agent.</summary>
public sealed record AgentProcessSettings
{
    /// <summary>The node that it works for.</summary>
    public required Uri Node { get; init; }

    /// <summary>The nodes that it goes on with when that one fails, besides those that it learns.</summary>
    public IReadOnlyList<Uri> OtherNodes { get; init; } = [];

    /// <summary>Its worker's id.</summary>
    public required string WorkerId { get; init; }

    /// <summary><c>cpu</c>, <c>gpu</c> or <c>hybrid</c>.</summary>
    public required string Capability { get; init; }

    /// <summary>The folder of its spool.</summary>
    public required string WorkFolder { get; init; }

    /// <summary>The command to run for each task.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Its queues; empty for all queues of its capability.</summary>
    public IReadOnlyList<string> Queues { get; init; } = [];

    /// <summary>The number of tasks that it runs at the same time.</summary>
    public int Slots { get; init; } = 1;

    /// <summary>The program that starts it, with its arguments; empty for none.</summary>
    public IReadOnlyList<string> Launcher { get; init; } = [];

    /// <summary>Further settings as environment variables.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>The heartbeat interval; null for the default.</summary>
    public TimeSpan? Heartbeat { get; init; }
}

/// <summary>Starts worker agents with <c>morag worker run</c>.</summary>
public static class AgentProcess
{
    /// <summary>Starts an agent.</summary>
    public static RunningProgram Start(AgentProcessSettings settings) =>
        RunningProgram.StartUnder(settings.Launcher, Programs.Morag, Arguments(settings), settings.Environment);

    /// <summary>Starts an agent as process 1 of its own namespace. The returned program is its parent, <c>unshare</c>.</summary>
    public static RunningProgram StartAsFirstProcess(AgentProcessSettings settings) =>
        RunningProgram.StartUnder(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"], Programs.Morag, Arguments(settings));

    private static IEnumerable<string> Arguments(AgentProcessSettings settings) =>
    [
        "worker", "run",
        "--node", string.Join(',', [settings.Node, .. settings.OtherNodes]),
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
