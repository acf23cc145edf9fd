using System.Globalization;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Nodes;

/// <summary>The embedded Redis of a node that runs.</summary>
internal static class EmbeddedServer
{
    /// <summary>Ends it as kill -9 does, and returns once it is gone.</summary>
    public static Task KillAsync(string dataFolder)
    {
        var processId = int.Parse(File.ReadAllText(Path.Combine(dataFolder, "redis", "server.pid")), CultureInfo.InvariantCulture);
        Signals.Send(processId, Signal.Kill);
        return Eventually.HoldsAsync(() => Task.FromResult(ProcessTable.IsGone(processId)), () => $"process {processId} is gone");
    }
}
