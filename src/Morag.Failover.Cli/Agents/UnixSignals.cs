using System.Runtime.InteropServices;

namespace Morag.Failover.Cli.Agents;

/// <summary>Signals to whole process groups, which .NET does not offer.</summary>
internal static partial class UnixSignals
{
    public const int Terminate = 15;
    public const int Kill = 9;

    /// <summary>Whether there was a group that <paramref name="leader"/> leads, and it was signalled.</summary>
    public static bool SendToGroup(int leader, int signal) => SendSignal(-leader, signal) == 0;

    /// <summary>Signals one process, which must be known to exist still: its id may have been given to another.</summary>
    public static void Send(int processId, int signal) => _ = SendSignal(processId, signal);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, int signal);
}
