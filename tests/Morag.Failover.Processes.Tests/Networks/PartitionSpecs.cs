using System.Diagnostics;
using System.Globalization;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.History;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Networks;

/// <summary>
/// Nodes lose each other, and all of them still reach Redis: one side goes on, the other one refuses calls and ends. Nothing is lost or
/// decided twice, whichever side the clients ask. When the network is whole again and the ended nodes are restarted, all serve.
/// </summary>
public sealed class PartitionSpecs : IDisposable
{
    /// <summary>Set it to also test the cuts that take longer.</summary>
    private const string AllCuts = "MORAG_PARTITIONS";

    private const string Config =
        """

        akka.cluster {
          failure-detector.acceptable-heartbeat-pause = 2s
          split-brain-resolver {
            stable-after = 3s
            lease-majority.acquire-lease-delay-for-minority = 2s
          }
        }
        akka.coordination.lease.redis {
          heartbeat-timeout = 4s
          heartbeat-interval = 1s
        }
        """;

    /// <summary>Nodes that end together do not end at the same moment.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);

    private readonly TestFolder folder = new();

    public static TheoryData<string> Cuts =>
    [
        .. (Environment.GetEnvironmentVariable(AllCuts) is null ? Cut.Few : Cut.All).Select(cut => cut.Name),
    ];

    public static TheoryData<string> Deaths =>
    [
        .. Cut.Deaths.Select(death => death.Strategy.Name),
    ];

    [NetworkTheory]
    [MemberData(nameof(Cuts))]
    public async Task Should_go_on_with_one_side_and_decide_nothing_twice_when_the_network_is_cut(string name)
    {
        var cut = Cut.All.Single(cut => cut.Name == name);
        await using var nodes = await NetworkedNodes.StartAsync(cut.Nodes, folder, TestConfig.Text + Config + cut.Strategy);
        await SeeEachOtherAsync(nodes.All);
        await using var clients = new PartitionClients(nodes.All);
        await clients.MakeProgressAsync("before the cut", nodes.All);

        nodes.Drop(cut);

        var survivors = nodes.All;
        var since = Stopwatch.StartNew();
        await Eventually.HoldsAsync(
            () =>
            {
                NodeProcess[] running = [.. nodes.All.Where(node => !node.Program.HasEnded)];
                if (!running.SequenceEqual(survivors))
                {
                    survivors = running;
                    since.Restart();
                }

                return Task.FromResult(since.Elapsed >= Settling
                    && cut.Survivors.Any(side => survivors.SequenceEqual(side.Select(number => nodes.All[number]))));
            },
            () => $"one side has ended, of {name}; {survivors.Count} nodes run");
        var losers = nodes.All.Except(survivors).ToList();
        await clients.MakeProgressAsync("on the surviving side", survivors);
        Assert.All(losers, loser => Assert.Matches("This node was (taken over|downed)", loser.Program.Output));
        Assert.All(losers, loser => Assert.True(clients.WasRefusedBy(loser), "a node that was cut off ended without a refusal"));
        Assert.All(survivors, survivor => Assert.False(survivor.Program.HasEnded));

        // What a service manager does. It needs no operator.
        nodes.Heal();
        foreach (var loser in losers)
        {
            await nodes.StartAgainAsync(loser);
        }

        await SeeEachOtherAsync(nodes.All);
        await clients.MakeProgressAsync("after the cut", nodes.All);
        var violations = new HistoryChecker().Check(await clients.EndAsync());
        Assert.True(violations.Count == 0, $"{string.Join('\n', violations)}\n{RunningProgram.OutputOfAll()}");
    }

    /// <summary>The presence in Redis tells that they are dead, sooner than any strategy decides.</summary>
    [NetworkTheory(OnlyWith = AllCuts)]
    [MemberData(nameof(Deaths))]
    public async Task Should_go_on_under_every_strategy_when_other_nodes_are_killed(string name)
    {
        var (strategy, killed) = Cut.Deaths.Single(death => death.Strategy.Name == name);
        await using var nodes = await NetworkedNodes.StartAsync(strategy.Nodes, folder, TestConfig.Text + Config + strategy.Strategy);
        await SeeEachOtherAsync(nodes.All);
        await using var clients = new PartitionClients(nodes.All);
        await clients.MakeProgressAsync("before the kill", nodes.All);

        List<NodeProcess> dead = [.. killed.Select(number => nodes.All[number])];
        dead.ForEach(node => node.Program.Send(Signal.Kill));

        await clients.MakeProgressAsync("after the kill", [.. nodes.All.Except(dead)]);
    }

    public void Dispose() => folder.Dispose();

    /// <summary>Waits until each node reaches all others.</summary>
    private static Task SeeEachOtherAsync(IReadOnlyList<NodeProcess> nodes) => Eventually.HoldsAsync(
        async () =>
        {
            foreach (var node in nodes)
            {
                var seen = await node.Client.GetAsync<ClusterNode[]>("/cluster/nodes");
                if (seen.Length != nodes.Count
                    || seen.Any(other => other.Status != "up" || !other.Reachable)
                    || !await node.Client.IsReadyAsync())
                {
                    return false;
                }
            }

            return true;
        },
        () => "all nodes see each other");
}
