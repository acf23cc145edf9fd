namespace Morag.Failover.Cli.Agents;

/// <summary>The program <c>setsid</c>, which starts a process in its own session, so that it can be killed with all its children.</summary>
internal static class SessionLeader
{
    /// <summary>Its path; null on Windows and macOS, which do not have it.</summary>
    public static string? Tool { get; } = OperatingSystem.IsWindows() ? null : Executables.Find("setsid");
}
