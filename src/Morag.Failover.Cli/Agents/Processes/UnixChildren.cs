using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>
/// Notices that children have ended, and leaves them unreaped: until their status is taken, their ids, and those of the groups
/// that they lead, cannot be given to other processes. .NET's own children are not touched.
/// </summary>
[UnsupportedOSPlatform("windows")]
[SuppressMessage("Design", "CA1001", Justification = "There is one, and it lives as long as this process.")]
internal sealed class UnixChildren
{
    // The signal says when; this only bounds the wait for one that was lost.
    private static readonly TimeSpan LookAnyway = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<int, TaskCompletionSource> watched = new();
    private readonly PosixSignalRegistration signal;
    private readonly Timer timer;

    private UnixChildren()
    {
        signal = PosixSignalRegistration.Create(PosixSignal.SIGCHLD, _ => Look());
        timer = new Timer(_ => Look(), null, LookAnyway, LookAnyway);
    }

    public static UnixChildren Instance { get; } = new();

    /// <summary>Completes when this child has ended.</summary>
    public Task EndOf(int processId)
    {
        var ended = watched.GetOrAdd(processId, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        Look();
        return ended.Task;
    }

    /// <summary>Takes the status of a child that has ended.</summary>
    public static ProcessExit Reap(int processId)
    {
        if (Posix.WaitPid(processId, out var status, Posix.WaitNoHang) != processId)
        {
            return ProcessExit.Lost;
        }

        var signal = status & 0x7f;
        return signal == 0 ? ProcessExit.WithCode((status >> 8) & 0xff) : ProcessExit.BySignal(signal);
    }

    private void Look()
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

        // The first field is the signal's number, which stays 0 while the child runs. An error means that someone else reaped it.
        return answer != 0 || found[0] != 0;
    }
}
