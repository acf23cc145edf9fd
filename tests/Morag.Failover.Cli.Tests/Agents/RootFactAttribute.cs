namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>A fact that needs root on Linux to mount a disk or change users. It is skipped otherwise, except with CI=true.</summary>
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute() => Skip = Environment.GetEnvironmentVariable("CI") == "true" || IsLinuxRoot
        ? null
        : "NOT TESTED: this needs root on Linux (with CI=true this is a failure)";

    private static bool IsLinuxRoot => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess;
}
