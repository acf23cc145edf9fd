namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>The signals of this system by number.</summary>
internal static class SignalNames
{
    public const int Hangup = 1;
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Kill = 9;
    public const int BrokenPipe = 13;
    public const int Terminate = 15;

    /// <summary>A shell whose command was ended by signal N exits with this value plus N.</summary>
    public const int ShellOffset = 128;

    private static readonly Dictionary<int, string> Names = new()
    {
        [Hangup] = "SIGHUP",
        [Interrupt] = "SIGINT",
        [Quit] = "SIGQUIT",
        [4] = "SIGILL",
        [5] = "SIGTRAP",
        [6] = "SIGABRT",
        [8] = "SIGFPE",
        [Kill] = "SIGKILL",
        [11] = "SIGSEGV",
        [BrokenPipe] = "SIGPIPE",
        [14] = "SIGALRM",
        [Terminate] = "SIGTERM",
        [24] = "SIGXCPU",
        [25] = "SIGXFSZ",
        [OperatingSystem.IsLinux() ? 7 : 10] = "SIGBUS",
        [OperatingSystem.IsLinux() ? 10 : 30] = "SIGUSR1",
        [OperatingSystem.IsLinux() ? 12 : 31] = "SIGUSR2",
        [OperatingSystem.IsLinux() ? 31 : 12] = "SIGSYS",
    };

    /// <summary>The signal's name, such as <c>SIGSEGV</c>, or its number if it has no common name.</summary>
    public static string Of(int signal) => Names.GetValueOrDefault(signal) ?? $"signal {signal}";

    /// <summary>The signal that an exit code stands for by the convention of shells; null if it stands for none.</summary>
    public static string? OfExitCode(int code) => Names.GetValueOrDefault(code - ShellOffset);
}
