using System.Diagnostics;
using Morag.Failover.Cli.Agents;

namespace Morag.Failover.Cli.Demo;

/// <summary>Verifies the demo's hashes with <c>sha256sum</c>.</summary>
internal static class ChecksumTool
{
    /// <summary>Whether every line of the file is confirmed; null if <c>sha256sum</c> is not installed.</summary>
    public static async Task<bool?> ConfirmAsync(string sumsFile, CancellationToken cancellation)
    {
        if (Executables.Find("sha256sum") is not { } tool)
        {
            return null;
        }

        var start = new ProcessStartInfo(tool, ["-c", "--strict", "--quiet", sumsFile]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        _ = await process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode == 0;
    }
}
