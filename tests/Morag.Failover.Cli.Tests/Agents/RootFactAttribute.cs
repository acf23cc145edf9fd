namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>A fact that needs root on Linux, to mount a small disk or to give a program another user: skipped without, but not if CI=true.</summary>
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute() => Skip = Environment.GetEnvironmentVariable("CI") == "true" || (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess)
        ? null
        : "NOT TESTED: this needs root on Linux (with CI=true this is a failure)";
}
