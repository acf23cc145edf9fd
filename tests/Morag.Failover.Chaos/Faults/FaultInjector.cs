using Morag.Failover.Chaos.Clusters;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Chaos.Faults;

/// <summary>Makes the faults of a plan happen, and records who can reach a live node meanwhile.</summary>
internal sealed class FaultInjector(ChaosCluster cluster, ReachRecorder reach, HistoryRecorder recorder)
{
    /// <summary>Runs the faults of a plan in order.</summary>
    public async Task RunAsync(IReadOnlyList<Fault> faults)
    {
        foreach (var fault in faults)
        {
            var wait = fault.At - recorder.Now;
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait);
            }

            recorder.Note($"{fault}");
            await InjectAsync(fault);
            await cluster.RestartEndedNodesAsync();
        }
    }

    private Task InjectAsync(Fault fault) => fault.Kind switch
    {
        FaultKind.NodeKilled => KillNodeAsync(fault),
        FaultKind.NodeFrozen => FreezeNodeAsync(fault),
        FaultKind.NodeRestarted => RestartNodeAsync(fault),
        FaultKind.AgentKilled => KillAgentAsync(fault),
        FaultKind.AgentFrozen => FreezeAgentAsync(fault),
        FaultKind.RedisFrozen => FreezeRedisAsync(fault),
        FaultKind.RedisKilled => KillRedisAsync(),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault.Kind, "Not a kind of fault"),
    };

    private async Task KillNodeAsync(Fault fault)
    {
        reach.NodeServes(fault.Target, false);
        await cluster.Node(fault.Target).KillAsync();
        await Task.Delay(fault.For);
        await cluster.Node(fault.Target).StartAgainAsync();
        reach.NodeServes(fault.Target, true);
    }

    private async Task FreezeNodeAsync(Fault fault)
    {
        var node = cluster.Node(fault.Target);
        reach.NodeServes(fault.Target, false);
        node.Program.Send(Signal.Stop);
        await Task.Delay(fault.For);
        node.Program.Send(Signal.Continue);
        await cluster.ServesAgainAsync(fault.Target);
        reach.NodeServes(fault.Target, true);
    }

    private async Task RestartNodeAsync(Fault fault)
    {
        var node = cluster.Node(fault.Target);
        reach.NodeServes(fault.Target, false);
        var exitCode = await node.StopAsync();
        if (exitCode != 0)
        {
            recorder.Fault($"node {fault.Target} ended with {exitCode} after SIGTERM");
        }

        await node.StartAgainAsync();
        reach.NodeServes(fault.Target, true);
    }

    private async Task KillAgentAsync(Fault fault)
    {
        reach.WorkerLives(ChaosCluster.AgentName(fault.Target), false);
        await cluster.KillAgentAsync(fault.Target);
        await Task.Delay(fault.For);
        cluster.StartAgent(fault.Target);
        reach.WorkerLives(ChaosCluster.AgentName(fault.Target), true);
    }

    private async Task FreezeAgentAsync(Fault fault)
    {
        reach.WorkerLives(ChaosCluster.AgentName(fault.Target), false);
        cluster.Agent(fault.Target).Send(Signal.Stop);
        await Task.Delay(fault.For);
        cluster.Agent(fault.Target).Send(Signal.Continue);
        reach.WorkerLives(ChaosCluster.AgentName(fault.Target), true);
    }

    private async Task FreezeRedisAsync(Fault fault)
    {
        reach.RedisServes(false);
        await cluster.Redis.PauseAsync();
        await Task.Delay(fault.For);
        await cluster.Redis.ResumeAsync();
        reach.RedisServes(true);
    }

    private async Task KillRedisAsync()
    {
        reach.RedisServes(false);
        await cluster.Redis.RestartAsync();
        reach.RedisServes(true);
    }
}
