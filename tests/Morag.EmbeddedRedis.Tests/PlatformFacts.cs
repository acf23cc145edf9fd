namespace Morag.EmbeddedRedis.Tests;

/// <summary>A fact that needs Unix signals.</summary>
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute() => Skip = OperatingSystem.IsWindows() ? "NOT TESTED: this system has no Unix signals" : null;
}

/// <summary>A fact that reads <c>/proc</c>.</summary>
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "NOT TESTED: this system does not have Linux's /proc";
}
