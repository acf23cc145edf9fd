using System.Globalization;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Nodes;

/// <summary>The embedded Redis of a running node.</summary>
internal static class EmbeddedServer
{
    /// <summary>Kills it with SIGKILL, and returns when it is gone.</summary>
    public static Task KillAsync(string dataFolder)
    {
        var processId = int.Parse(File.ReadAllText(Path.Combine(dataFolder, "redis", "server.pid")), CultureInfo.InvariantCulture);
        Signals.Send(processId, Signal.Kill);
        return Eventually.HoldsAsync(() => Task.FromResult(ProcessTable.IsGone(processId)), () => $"process {processId} is gone");
    }
}
