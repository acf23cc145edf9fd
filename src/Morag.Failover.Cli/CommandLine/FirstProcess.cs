using System.Diagnostics;
using System.Runtime.InteropServices;
using Morag.Failover.Cli.Agents.Processes;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>
/// Process 1 of a container without an init. There, .NET reaps every child that its <see cref="Process"/> did not start, so that the commands
/// of an agent would end without an exit status. So process 1 runs the same command line as a child, hands it the signals that stop
/// it, and leaves the reaping of orphans to .NET.
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

    /// <summary>Whether this is it.</summary>
    public static bool IsCurrent => OperatingSystem.IsLinux() && Environment.ProcessId == 1;

    /// <summary>Runs the same command line as a child; its exit code.</summary>
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

    /// <summary>What the keys of a terminal send goes to the child as well; the same once more would mean to stop at once.</summary>
    private static bool ShouldForward(PosixSignal signal) => Console.IsInputRedirected || signal is not (PosixSignal.SIGINT or PosixSignal.SIGQUIT);
}
