using Morag.Failover.Processes.Tests.Http;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.CommandLine;

/// <summary>A node for the specs of the command line, which share its data.</summary>
public sealed class CommandLineNode : IAsyncLifetime
{
    private readonly TestFolder folder = new();
    private NodeProcess node = null!;
    private int stages;

    public Uri Address => node.Address;

    public NodeClient Client => node.Client;

    public async Task InitializeAsync() => node = await NodeProcess.StartAsync(new NodeProcessSettings
    {
        DataFolder = folder.Path,
        Config = "morag.failover.queues.max-payload = 512KiB",
    });

    public async Task DisposeAsync()
    {
        await node.DisposeAsync();
        folder.Dispose();
    }

    internal Task<Stage> SetStageAsync(bool parked = false) => Stage.SetAsync(Client, $"stage-{Interlocked.Increment(ref stages)}", parked);

    internal Task<MoragRun> RunAsync(params IEnumerable<string> arguments) => MoragCommand.RunAsync(Address, arguments);
}
