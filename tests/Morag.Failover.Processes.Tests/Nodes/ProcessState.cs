using System.Globalization;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Nodes;

/// <summary>What the system says of processes that are no children of the test.</summary>
internal static class ProcessState
{
    /// <summary>The id of the embedded Redis of a node with this data folder.</summary>
    public static int EmbeddedRedis(string dataFolder) =>
        int.Parse(File.ReadAllText(Path.Combine(dataFolder, "redis", "server.pid")), CultureInfo.InvariantCulture);

    /// <summary>Whether it is gone; one that only waits for its parent to take its exit code is.</summary>
    public static bool IsGone(int processId)
    {
        if (!Signals.Exists(processId))
        {
            return true;
        }

        try
        {
            // The state follows the program's name, which stands in brackets and may hold anything.
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/stat"));
            return stat[stat.LastIndexOf(')')..].StartsWith(") Z", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }

    public static Task GoneAsync(int processId) =>
        Eventually.HoldsAsync(() => Task.FromResult(IsGone(processId)), () => $"process {processId} is gone");
}
