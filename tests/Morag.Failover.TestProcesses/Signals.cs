using System.Runtime.InteropServices;

namespace Morag.Failover.TestProcesses;

/// <summary>The signals of POSIX that the tests send, by their numbers on Linux.</summary>
public enum Signal
{
    /// <summary>Ends the process at once; it cannot be caught.</summary>
    Kill = 9,

    /// <summary>Asks the process to end in order.</summary>
    Terminate = 15,

    /// <summary>Lets a frozen process go on.</summary>
    Continue = 18,

    /// <summary>Freezes the process: its connections stay open, nothing in it runs.</summary>
    Stop = 19,
}

/// <summary>Sends signals to processes.</summary>
public static partial class Signals
{
    /// <summary>Sends one. A process that is gone already is no error.</summary>
    public static void Send(int processId, Signal signal)
    {
        if (SendTo(processId, (int)signal) != 0 && Exists(processId))
        {
            throw new InvalidOperationException($"{signal} could not be sent to {processId}: error {Marshal.GetLastPInvokeError()}");
        }
    }

    /// <summary>Whether there is a process of this id.</summary>
    public static bool Exists(int processId) => SendTo(processId, 0) == 0;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendTo(int processId, int signal);
}
