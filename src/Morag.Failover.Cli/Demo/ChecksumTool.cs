using System.Diagnostics;
using Morag.Failover.Cli.Agents;

namespace Morag.Failover.Cli.Demo;

/// <summary>The machine's own tool for checksums: a second opinion on the demo's hashes.</summary>
internal static class ChecksumTool
{
    /// <summary>Whether the tool confirms every line of the file; null where there is no such tool.</summary>
    public static async Task<bool?> ConfirmAsync(string sumsFile, CancellationToken cancellation)
    {
        if (Executables.Find("sha256sum") is not { } tool)
        {
            return null;
        }

        using var process = Process.Start(new ProcessStartInfo(tool, ["-c", "--strict", "--quiet", sumsFile]) { RedirectStandardOutput = true })!;
        _ = await process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode == 0;
    }
}
