using System.Runtime.InteropServices;

namespace Morag.Failover.TestProcesses;

/// <summary>POSIX signals, with their numbers on Linux.</summary>
public enum Signal
{
    /// <summary>Ends the process immediately; it cannot be caught.</summary>
    Kill = 9,

    /// <summary>Asks the process to stop.</summary>
    Terminate = 15,

    /// <summary>Resumes a frozen process.</summary>
    Continue = 18,

    /// <summary>Freezes the process. Its connections stay open.</summary>
    Stop = 19,
}

/// <summary>Sends signals to processes.</summary>
public static partial class Signals
{
    /// <summary>Sends a signal. Does nothing if the process is gone.</summary>
    public static void Send(int processId, Signal signal)
    {
        if (SendTo(processId, (int)signal) != 0 && Exists(processId))
        {
            throw new InvalidOperationException($"{signal} could not be sent to {processId}: error {Marshal.GetLastPInvokeError()}");
        }
    }

    /// <summary>Whether a process with this id exists.</summary>
    public static bool Exists(int processId) => SendTo(processId, 0) == 0;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendTo(int processId, int signal);
}
