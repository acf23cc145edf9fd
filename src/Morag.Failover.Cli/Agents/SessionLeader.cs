namespace Morag.Failover.Cli.Agents;

/// <summary>The program <c>setsid</c>, which gives a command its own process group, so that it can be killed with all its children.</summary>
internal static class SessionLeader
{
    /// <summary>Its path; null where there is none (Windows, macOS): then only the children that are still known are killed.</summary>
    public static string? Tool { get; } = OperatingSystem.IsWindows() ? null : Executables.Find("setsid");
}
