namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>A program to start: its arguments and its complete environment.</summary>
internal sealed record ProcessStart(IReadOnlyList<string> Words, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>Whether its standard output and error are read. Otherwise they are discarded.</summary>
    public bool ReadsOutput { get; init; } = true;
}

/// <summary>The system did not start the process.</summary>
internal sealed class ProcessNotStarted(string message, bool tooLarge = false) : Exception(message)
{
    /// <summary>Whether the arguments and the environment exceed the system's limit.</summary>
    public bool TooLarge { get; } = tooLarge;
}

/// <summary>Starts a process, or throws <see cref="ProcessNotStarted"/>.</summary>
internal delegate ICommandProcess ProcessLauncher(ProcessStart start);

/// <summary>
/// A running process that leads its own process group. The ids of the process and the group are not reused before <see cref="Reap"/>.
/// </summary>
internal interface ICommandProcess : IDisposable
{
    int Id { get; }

    Stream Input { get; }

    Stream Output { get; }

    Stream Errors { get; }

    /// <summary>Completes when the process has ended. Its children may still be running.</summary>
    Task Ended { get; }

    /// <summary>Signals the whole group. Returns null, also if the group is gone, or the system's error.</summary>
    string? Signal(int signal);

    /// <summary>Reads the exit status of a process that has ended.</summary>
    ProcessExit Reap();

    /// <summary>The processes of the group that are still running, such as <c>4711 (sleep)</c>.</summary>
    IReadOnlyList<string> Remaining();
}

/// <summary>The process launcher of this system.</summary>
internal static class Launchers
{
    public static ProcessLauncher Current { get; } = OperatingSystem.IsWindows() ? WindowsProcess.Start : UnixProcess.Start;
}
