using System.Runtime.InteropServices;

namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>POSIX calls that .NET does not offer, with the constants of Linux and macOS.</summary>
internal static unsafe partial class Posix
{
    public const int ArgumentsTooLong = 7;
    public const int NoSuchProcess = 3;

    /// <summary>An upper bound in bytes for the structures of attributes, file actions, signal sets and child status.</summary>
    public const int LargestStructure = 1024;

    public const short SpawnDefaultSignals = 0x04;
    public const short SpawnSignalMask = 0x08;
    public const int OpenReadWrite = 2;
    public const int WaitNoHang = 1;
    public const int WaitExited = 4;
    public const int WaitForProcess = 1;

    public static short SpawnOwnSession => OperatingSystem.IsLinux() ? (short)0x80 : (short)0x400;

    public static int WaitWithoutReaping => OperatingSystem.IsLinux() ? 0x0100_0000 : 0x20;

    public static int OpenReadNonBlockingCloseOnExec => OperatingSystem.IsLinux() ? 0x800 | 0x8_0000 : 0x4 | 0x100_0000;

    [LibraryImport("libc", EntryPoint = "posix_spawn")]
    public static partial int Spawn(out int processId, byte* path, void* actions, void* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int InitActions(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int AddDuplicate(void* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen")]
    public static partial int AddOpen(void* actions, int to, byte* path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int DestroyActions(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    public static partial int InitAttributes(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    public static partial int SetFlags(void* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int SetDefaultSignals(void* attributes, void* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int SetSignalMask(void* attributes, void* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    public static partial int DestroyAttributes(void* attributes);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    public static partial int EmptySignals(void* signals);

    [LibraryImport("libc", EntryPoint = "sigaddset")]
    public static partial int AddSignal(void* signals, int signal);

    [LibraryImport("libc", EntryPoint = "waitid", SetLastError = true)]
    public static partial int WaitId(int kind, int processId, void* found, int options);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    public static partial int WaitPid(int processId, out int status, int options);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int Open(string path, int flags);

    /// <summary>The system's message for an error number.</summary>
    public static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);
}
