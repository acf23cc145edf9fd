using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>
/// Watches child processes and leaves ended ones unreaped, so that the ids of the processes and their groups are not reused until the exit
/// status is read. It does not touch the children that .NET itself started.
/// </summary>
[UnsupportedOSPlatform("windows")]
[SuppressMessage("Design", "CA1001", Justification = "The only instance lives as long as this process.")]
internal sealed class UnixChildren
{
    // SIGCHLD triggers the check. The timer covers a lost signal.
    private static readonly TimeSpan FallbackInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<int, TaskCompletionSource> watched = new();
    private readonly PosixSignalRegistration signal;
    private readonly Timer timer;

    private UnixChildren()
    {
        signal = PosixSignalRegistration.Create(PosixSignal.SIGCHLD, _ => CheckAll());
        timer = new Timer(_ => CheckAll(), null, FallbackInterval, FallbackInterval);
    }

    public static UnixChildren Instance { get; } = new();

    /// <summary>Completes when the child has ended.</summary>
    public Task EndOf(int processId)
    {
        var ended = watched.GetOrAdd(processId, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        CheckAll();
        return ended.Task;
    }

    /// <summary>Reads the exit status of a child that has ended.</summary>
    public static ProcessExit Reap(int processId)
    {
        if (Posix.WaitPid(processId, out var status, Posix.WaitNoHang) != processId)
        {
            return ProcessExit.Lost;
        }

        var signal = status & 0x7f;
        return signal == 0 ? ProcessExit.WithCode((status >> 8) & 0xff) : ProcessExit.BySignal(signal);
    }

    private void CheckAll()
    {
        foreach (var (processId, ended) in watched)
        {
            if (HasEnded(processId) && watched.TryRemove(processId, out _))
            {
                ended.SetResult();
            }
        }
    }

    private static unsafe bool HasEnded(int processId)
    {
        var found = stackalloc int[Posix.LargestStructure / sizeof(int)];
        new Span<int>(found, Posix.LargestStructure / sizeof(int)).Clear();
        var answer = Posix.WaitId(
            Posix.WaitForProcess, processId, found, Posix.WaitExited | Posix.WaitNoHang | Posix.WaitWithoutReaping);

        // The first field is the signal number, which is 0 while the child is running. An error means that the child was reaped elsewhere.
        return answer != 0 || found[0] != 0;
    }
}
