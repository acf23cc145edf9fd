using System.Diagnostics;
using System.Runtime.InteropServices;

/// <summary>
/// Runs inside the Garnet process before Garnet's own code (DOTNET_STARTUP_HOOKS) and ties the process to its parent: it holds the data
/// folder's server lock while it lives, and exits when the pipe from the parent closes, even after kill -9 of the parent.
/// </summary>
/// <remarks>
/// The runtime requires this type name, without a namespace. Only the base class library is available here: Garnet's process does not
/// load the parent's other assemblies.
/// </remarks>
internal static partial class StartupHook
{
    /// <summary>Environment variable with the path of the lock file that the process holds while it lives.</summary>
    internal const string LockFileVariable = "MORAG_EMBEDDED_REDIS_LOCK";

    /// <summary>Environment variable with the path of the file for the process id, so that the folder's next owner can end it.</summary>
    internal const string ProcessIdFileVariable = "MORAG_EMBEDDED_REDIS_PID";

    /// <summary>Exit code when another server holds the lock on the same data.</summary>
    internal const int DataInUseExitCode = 73;

    // Static, so that they are never finalized: a closed lock would let a second server use the data.
    private static FileStream? serverLock;
    private static PosixSignalRegistration? terminationHandler;

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(LockFileVariable) is not { Length: > 0 } lockFile)
        {
            return;
        }

        IgnoreTerminalAndServiceManager();
        AcquireServerLock(lockFile);
        ExitWithParent();
    }

    /// <summary>
    /// Ctrl+C reaches every process of a terminal, and a service manager's stop reaches every process of the service. The parent may still
    /// have writes to finish, so only the parent decides when this process ends.
    /// </summary>
    private static void IgnoreTerminalAndServiceManager()
    {
        terminationHandler = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => context.Cancel = true);
        if (!OperatingSystem.IsWindows())
        {
            _ = CreateSession();
        }
    }

    private static void AcquireServerLock(string lockFile)
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

    private static void ExitWithParent()
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
            // A broken pipe also means that the parent is gone.
        }

        // Every acknowledged write is on disk already (--aof-commit-wait), so there is nothing to wait for.
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    [LibraryImport("libc", EntryPoint = "setsid")]
    private static partial int CreateSession();
}
