using Morag.Failover.Contracts.Queues;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Hashing;

/// <summary>Three agents, two for the GPU queues and one for the CPU queues. The test can pause their commands.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    public const string Gpu1 = "gpu-1";
    public const string Gpu2 = "gpu-2";
    public const string Cpu1 = "cpu-1";

    private const int Slots = 4;

    // $1: the command waits while this file exists. $2: the command that creates this folder exits as if it ran out of memory.
    private const string HashCommand =
        """
        IFS= read -r file
        if [ -n "$2" ] && mkdir "$2" 2>/dev/null; then exit 137; fi
        while [ -e "$1" ]; do sleep 0.05; done
        sum=$(sha256sum "$file") || exit 1
        printf %s "${sum%% *}"
        """;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(250);

    private readonly string folder;
    private readonly Dictionary<string, RunningProgram> agents = [];

    private Fleet(string folder) => this.folder = folder;

    /// <summary>
    /// Starts the agents, with the commands of both GPU agents paused: otherwise one of them could finish every task before the other has
    /// registered. <see cref="HoldsTasksAsync"/> resumes the one that the test does not need.
    /// </summary>
    /// <param name="folder">Their work folder.</param>
    /// <param name="nodeOf">The node of each agent.</param>
    /// <param name="exhaustsOnce">The agent with a command that exits with 137; null for none.</param>
    public static Fleet Start(string folder, Func<string, Uri> nodeOf, string? exhaustsOnce = null)
    {
        var fleet = new Fleet(folder);
        fleet.Hold(Gpu1);
        fleet.Hold(Gpu2);
        foreach (var worker in (string[])[Gpu1, Gpu2, Cpu1])
        {
            fleet.agents[worker] = AgentProcess.Start(new AgentProcessSettings
            {
                Node = nodeOf(worker),
                WorkerId = worker,
                Capability = worker == Cpu1 ? "cpu" : "gpu",
                WorkFolder = folder,
                Slots = Slots,
                Heartbeat = Heartbeat,
                Command =
                [
                    "/bin/sh", "-c", HashCommand, "hash", fleet.HoldFile(worker),
                    worker == exhaustsOnce ? Path.Combine(folder, "exhausted") : "",
                ],
            });
        }

        return fleet;
    }

    public RunningProgram Agent(string worker) => agents[worker];

    /// <summary>Pauses the commands of an agent before they hash.</summary>
    public void Hold(string worker) => File.WriteAllText(HoldFile(worker), "");

    /// <summary>Resumes the commands of an agent.</summary>
    public void Release(string worker) => File.Delete(HoldFile(worker));

    /// <summary>Waits until a paused GPU agent holds tasks, and resumes the other GPU agent.</summary>
    public async Task HoldsTasksAsync(NodeClient node, string worker)
    {
        await Eventually.HoldsAsync(
            async () => (await node.TasksAsync(TaskState.Leased, worker)).Count > 0, () => $"{worker} holds tasks\n{Output}");
        Release(worker == Gpu1 ? Gpu2 : Gpu1);
    }

    /// <summary>The output of the agents, for failure messages.</summary>
    public string Output => string.Join("\n", agents.Select(agent => $"--- {agent.Key}\n{agent.Value.Output}"));

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in agents.Values)
        {
            await agent.DisposeAsync();
        }
    }

    private string HoldFile(string worker) => Path.Combine(folder, $"hold-{worker}");
}
