using System.Diagnostics;
using System.Runtime.InteropServices;

/// <summary>
/// Runs inside the Garnet process before its own code (DOTNET_STARTUP_HOOKS), and ties that process to its parent:
/// it holds the data folder's server lock for as long as it lives, and dies with the pipe that the parent holds open,
/// so that not even kill -9 of the parent leaves it behind.
/// </summary>
/// <remarks>
/// The runtime demands this name without a namespace. Only the base class library may be used here: nothing else that
/// the parent has loaded exists in Garnet's process.
/// </remarks>
internal static partial class StartupHook
{
    /// <summary>Names the lock file that the process holds while it lives.</summary>
    internal const string LockFileVariable = "MORAG_EMBEDDED_REDIS_LOCK";

    /// <summary>Names the file that tells the next owner of the folder whom to kill if the lock is not given back.</summary>
    internal const string ProcessIdFileVariable = "MORAG_EMBEDDED_REDIS_PID";

    /// <summary>Exit code of a server that found another one on the same data.</summary>
    internal const int DataInUseExitCode = 73;

    // Static, so that the collector closes neither: a closed lock would let a second server onto the data.
    private static FileStream? serverLock;
    private static PosixSignalRegistration? terminationHandler;

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(LockFileVariable) is not { Length: > 0 } lockFile)
        {
            return;
        }

        IgnoreTheTerminalAndServiceManager();
        TakeServerLock(lockFile);
        DieWithParent();
    }

    /// <summary>
    /// Ctrl+C goes to every process of a terminal, and a service manager's stop to every process of the service. The
    /// parent still has writes to finish then, so it alone says when this process ends.
    /// </summary>
    private static void IgnoreTheTerminalAndServiceManager()
    {
        terminationHandler = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => context.Cancel = true);
        if (!OperatingSystem.IsWindows())
        {
            _ = CreateSession();
        }
    }

    private static void TakeServerLock(string lockFile)
    {
        try
        {
            serverLock = new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(
                Environment.GetEnvironmentVariable(ProcessIdFileVariable)!,
                Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        catch (IOException e)
        {
            Console.Error.Write(e.Message + Environment.NewLine);
            Environment.Exit(DataInUseExitCode);
        }
    }

    private static void DieWithParent()
    {
        var watcher = new Thread(WaitForEndOfInput) { IsBackground = true, Name = "parent watcher" };
        watcher.Start();
    }

    private static void WaitForEndOfInput()
    {
        using var input = Console.OpenStandardInput();
        Span<byte> ignored = stackalloc byte[16];
        try
        {
            while (input.Read(ignored) > 0)
            {
            }
        }
        catch (IOException)
        {
            // A broken pipe means the same as its end.
        }

        // What was acknowledged is on disk already (--aof-commit-wait), so there is nothing to wait for.
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    [LibraryImport("libc", EntryPoint = "setsid")]
    private static partial int CreateSession();
}
