namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>What is started: a program with its arguments, and its whole environment.</summary>
internal sealed record ProcessStart(IReadOnlyList<string> Words, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>Whether its output and errors can be read here; otherwise they are thrown away.</summary>
    public bool ReadsOutput { get; init; } = true;
}

/// <summary>The system refused to start a process.</summary>
internal sealed class ProcessNotStarted(string message, bool tooLarge = false) : Exception(message)
{
    /// <summary>Whether what the process was given is larger than any process may get.</summary>
    public bool TooLarge { get; } = tooLarge;
}

/// <summary>Starts a process, or throws <see cref="ProcessNotStarted"/>.</summary>
internal delegate ICommandProcess ProcessLauncher(ProcessStart start);

/// <summary>
/// A running process that leads a group of its own. Its id, and that of the group, stay its own until <see cref="Reap"/>.
/// </summary>
internal interface ICommandProcess : IDisposable
{
    int Id { get; }

    Stream Input { get; }

    Stream Output { get; }

    Stream Errors { get; }

    /// <summary>Completes when the process itself has ended; what it started may still run.</summary>
    Task Ended { get; }

    /// <summary>Signals the whole group. Null where that was done, or nobody was left; else why the system refused.</summary>
    string? Signal(int signal);

    /// <summary>Takes the exit status of a process that has ended.</summary>
    ProcessExit Reap();

    /// <summary>What of its group still runs, named for people.</summary>
    IReadOnlyList<string> Remaining();
}

/// <summary>Starts processes in the way of this system.</summary>
internal static class Launchers
{
    public static ProcessLauncher Current { get; } = OperatingSystem.IsWindows() ? WindowsProcess.Start : UnixProcess.Start;
}
