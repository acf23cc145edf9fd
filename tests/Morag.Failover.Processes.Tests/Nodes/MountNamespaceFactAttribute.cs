using System.ComponentModel;
using System.Diagnostics;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests.Nodes;

/// <summary>
/// A fact that needs redis-server and a mount namespace of its own. It is skipped with a message if this user may not create one.
/// </summary>
public sealed class MountNamespaceFactAttribute : FactAttribute
{
    public MountNamespaceFactAttribute() => Skip = RedisServer.SkipReason
        ?? (CanMakeNamespaces() ? null : "NOT TESTED: this user may not make a mount namespace (unshare --mount)");

    private static bool CanMakeNamespaces()
    {
        try
        {
            var start = new ProcessStartInfo("unshare", ["--mount", "mount", "--bind", "/etc/hosts", "/etc/hosts"])
            {
                RedirectStandardError = true,
            };
            using var tried = Process.Start(start)!;
            tried.WaitForExit();
            return tried.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
