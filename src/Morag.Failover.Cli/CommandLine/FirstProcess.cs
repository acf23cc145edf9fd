using System.Diagnostics;
using System.Runtime.InteropServices;
using Morag.Failover.Cli.Agents.Processes;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>
/// Process 1 of a container without an init. As process 1, .NET reaps every child that <see cref="Process"/> did not start, and the exit
/// status of the agent's commands would be lost. Process 1 therefore runs the same command line as a child, forwards stop signals to it,
/// and leaves it to .NET to reap orphans.
/// </summary>
internal static class FirstProcess
{
    private static readonly Dictionary<PosixSignal, int> Forwarded = new()
    {
        [PosixSignal.SIGHUP] = SignalNames.Hangup,
        [PosixSignal.SIGINT] = SignalNames.Interrupt,
        [PosixSignal.SIGQUIT] = SignalNames.Quit,
        [PosixSignal.SIGTERM] = SignalNames.Terminate,
    };

    /// <summary>Whether this process is process 1.</summary>
    public static bool IsCurrent => OperatingSystem.IsLinux() && Environment.ProcessId == 1;

    /// <summary>Runs the same command line as a child, and returns its exit code.</summary>
    public static async Task<int> RunChildAsync()
    {
        var words = Environment.GetCommandLineArgs();
        var start = new ProcessStartInfo(Environment.ProcessPath!);
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(words[0]);
        }

        foreach (var word in words[1..])
        {
            start.ArgumentList.Add(word);
        }

        using var child = new Process { StartInfo = start };
        child.Start();
        var id = child.Id;
        var registrations = Forwarded.Select(signal => PosixSignalRegistration.Create(signal.Key, received =>
        {
            received.Cancel = true;
            if (ShouldForward(received.Signal))
            {
                _ = Posix.Kill(id, signal.Value);
            }
        })).ToList();
        try
        {
            await child.WaitForExitAsync();
            return child.ExitCode;
        }
        finally
        {
            registrations.ForEach(registration => registration.Dispose());
        }
    }

    // A terminal sends Ctrl-C to the child too. A second signal would make the child stop at once.
    private static bool ShouldForward(PosixSignal signal) =>
        Console.IsInputRedirected || signal is not (PosixSignal.SIGINT or PosixSignal.SIGQUIT);
}
