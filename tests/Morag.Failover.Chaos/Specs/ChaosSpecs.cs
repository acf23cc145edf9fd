using Morag.Redis.TestServers;
using Xunit;

namespace Morag.Failover.Chaos.Specs;

/// <summary>Short runs of plans whose seeds were chosen so that together they have faults of every kind but a frozen agent.</summary>
public sealed class ChaosSpecs : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("morag-chaos-");

    [RequiresRedisServerTheory]
    [InlineData(4u)]
    [InlineData(5u)]
    [InlineData(8u)]
    public async Task Should_keep_every_rule_when_processes_are_killed_frozen_and_restarted(uint seed)
    {
        var plan = ChaosPlan.Of(seed, nodes: 2, agents: 4, length: TimeSpan.FromSeconds(12), longestFreeze: TimeSpan.FromSeconds(6));

        var result = await ChaosRun.OfAsync(plan, folder.FullName);

        Assert.False(result.IsBad, result.Report());
    }

    public void Dispose() => folder.Delete(recursive: true);
}
