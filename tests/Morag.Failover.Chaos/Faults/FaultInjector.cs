using Morag.Failover.Chaos.Clusters;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Chaos.Faults;

/// <summary>Makes the faults of a plan happen, and records who can reach a live node meanwhile.</summary>
internal sealed class FaultInjector(ChaosCluster cluster, ReachRecorder reach, HistoryRecorder recorder)
{
    private static readonly TimeSpan Stopped = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan Runs = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Runs the faults of a plan in order. If the cluster does not recover from one, that is a fault of the run, and the last one.
    /// </summary>
    public async Task RunAsync(IReadOnlyList<Fault> faults)
    {
        foreach (var fault in faults)
        {
            var wait = fault.At - recorder.Now;
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait);
            }

            recorder.Note(fault.Description);
            try
            {
                await InjectAsync(fault);
                recorder.Note("recovers");
                await cluster.RecoverAsync();
                recorder.Note("has recovered");
            }
            catch (Exception failed) when (NodeSilence.Explains(failed)
                || failed is TimeoutException or InvalidOperationException or StackExchange.Redis.RedisException)
            {
                recorder.Fault($"no recovery from {fault.Description}: {failed.Message}");
                return;
            }
        }
    }

    private Task InjectAsync(Fault fault) => fault.Kind switch
    {
        FaultKind.NodeKilled => WithoutNodeAsync(fault.Target, () => KillNodeAsync(fault)),
        FaultKind.NodeFrozen => WithoutNodeAsync(fault.Target, () => FreezeNodeAsync(fault)),
        FaultKind.NodeRestarted => WithoutNodeAsync(fault.Target, () => RestartNodeAsync(fault.Target)),
        FaultKind.NodesRolled => RollNodesAsync(),
        FaultKind.NodeSlow => WithoutNodeAsync(fault.Target, () => SlowNodeAsync(fault)),
        FaultKind.AgentKilled => KillAgentAsync(fault),
        FaultKind.AgentFrozen => FreezeAgentAsync(fault),
        FaultKind.NodeCutOff => WithoutNodeAsync(fault.Target, () => CutAsync(fault, isHeard: false, hears: false)),
        FaultKind.NodeDeaf => WithoutNodeAsync(fault.Target, () => CutAsync(fault, isHeard: true, hears: false)),
        FaultKind.NodeMute => WithoutNodeAsync(fault.Target, () => CutAsync(fault, isHeard: false, hears: true)),
        FaultKind.NodeWithoutRedis =>
            WithoutNodeAsync(fault.Target, () => DisturbAsync(fault, () => cluster.Network.CutFromRedis(fault.Target))),
        FaultKind.NodeWithoutClients =>
            WithoutNodeAsync(fault.Target, () => DisturbAsync(fault, () => cluster.Network.CutFromClients(fault.Target))),
        FaultKind.NodeLinksSlow => DisturbAsync(fault, () => cluster.Network.SlowDown(fault.Target)),
        FaultKind.RedisSlow => DisturbAsync(fault, cluster.Network.SlowDownRedis),
        FaultKind.RedisFrozen => WithoutRedisAsync(() => cluster.Redis.FreezeAsync(fault.For)),
        FaultKind.RedisKilled => WithoutRedisAsync(cluster.Redis.RestartAsync),
        FaultKind.RedisPaused => WithoutRedisAsync(() => cluster.Redis.HoldCommandsAsync(fault.For)),
        FaultKind.RedisMemoryFull => WithoutRedisAsync(() => cluster.Redis.FillMemoryAsync(fault.For)),
        FaultKind.RedisDiskFull => WithoutRedisAsync(() => FillDiskAsync(fault)),
        FaultKind.RedisPrimaryKilled => WithoutRedisAsync(() => cluster.Redis.KillPrimaryAsync(fault.For)),
        FaultKind.RedisPrimaryFrozen => WithoutRedisAsync(() => cluster.Redis.FreezePrimaryAsync(fault.For)),
        FaultKind.ClockJumped => cluster.SetClockAsync(fault.Target, fault.ClockAhead),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault.Kind, "Not a kind of fault"),
    };

    /// <summary>Runs something while which workers cannot count on a node, until all nodes have recovered from it.</summary>
    private async Task WithoutNodeAsync(int node, Func<Task> act)
    {
        reach.NodeServes(node, false);
        await act();
        await cluster.RecoverAsync();
        reach.NodeServes(node, true);
    }

    /// <summary>Runs something while which nobody can count on Redis.</summary>
    private async Task WithoutRedisAsync(Func<Task> act)
    {
        reach.RedisServes(false);
        await act();
        await cluster.RecoverAsync();
        reach.RedisServes(true);
    }

    private async Task KillNodeAsync(Fault fault)
    {
        await cluster.Node(fault.Target).KillAsync();
        await Task.Delay(fault.For);
        await cluster.StartNodeAsync(fault.Target);
    }

    private async Task FreezeNodeAsync(Fault fault)
    {
        var frozen = cluster.Node(fault.Target).Program;
        frozen.Send(Signal.Stop);
        await Task.Delay(fault.For);
        frozen.Send(Signal.Continue);
        await Eventually.HoldsAsync(
            async () => frozen.HasEnded || await cluster.Node(fault.Target).Client.IsReadyAsync(),
            () => $"node {fault.Target} serves or ends after its freeze");
    }

    private async Task SlowNodeAsync(Fault fault)
    {
        var slow = cluster.Node(fault.Target).Program;
        for (var ends = recorder.Now + fault.For; recorder.Now < ends;)
        {
            slow.Send(Signal.Stop);
            await Task.Delay(Stopped);
            slow.Send(Signal.Continue);
            await Task.Delay(Runs);
        }
    }

    private async Task RestartNodeAsync(int number)
    {
        var node = cluster.Node(number);
        var output = node.Program;
        var exitCode = await node.StopAsync();
        if (exitCode != 0 && !output.Output.Contains("This node was", StringComparison.Ordinal))
        {
            recorder.Fault($"node {number} ended with {exitCode} after SIGTERM");
        }

        await cluster.StartNodeAsync(number);
    }

    private async Task RollNodesAsync()
    {
        for (var number = 0; number < cluster.Nodes; number++)
        {
            var node = number;
            await WithoutNodeAsync(node, () => RestartNodeAsync(node));
        }
    }

    /// <summary>Cuts a node off from the other nodes. Which side goes on is not known before: with two nodes, it can be either.</summary>
    private async Task CutAsync(Fault fault, bool isHeard, bool hears)
    {
        var isPair = cluster.Nodes == 2;
        if (isPair)
        {
            reach.NodeServes(1 - fault.Target, false);
        }

        await DisturbAsync(fault, () =>
        {
            if (!isHeard)
            {
                cluster.Network.CutFrom(fault.Target);
            }

            if (!hears)
            {
                cluster.Network.CutTo(fault.Target);
            }
        });
        if (isPair)
        {
            await cluster.RecoverAsync();
            reach.NodeServes(1 - fault.Target, true);
        }
    }

    /// <summary>Disturbs the network for a time.</summary>
    private async Task DisturbAsync(Fault fault, Action disturb)
    {
        disturb();
        await Task.Delay(fault.For);
        cluster.Network.Heal();
    }

    private async Task FillDiskAsync(Fault fault) =>
        recorder.Note(await cluster.Redis.FillDiskAsync(fault.For) ? "Redis ended, and was started again" : "Redis went on");

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
}
