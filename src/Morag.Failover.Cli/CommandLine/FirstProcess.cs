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
    private static readonly PosixSignal[] Handed = [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGHUP];

    /// <summary>Whether this is it.</summary>
    public static bool IsThis => OperatingSystem.IsLinux() && Environment.ProcessId == 1;

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

        var handed = new List<PosixSignalRegistration>();
        try
        {
            using var child = new Process { StartInfo = start };
            child.Start();
            handed.AddRange(Handed.Select(signal => PosixSignalRegistration.Create(signal, received =>
            {
                received.Cancel = true;
                _ = Posix.Kill(child.Id, NumberOf(received.Signal));
            })));
            await child.WaitForExitAsync();
            return child.ExitCode;
        }
        finally
        {
            handed.ForEach(registration => registration.Dispose());
        }
    }

    private static int NumberOf(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => 1,
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGQUIT => 3,
        _ => 15,
    };
}
