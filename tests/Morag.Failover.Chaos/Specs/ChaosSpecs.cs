using Morag.Redis.TestServers;
using Xunit;

namespace Morag.Failover.Chaos.Specs;

/// <summary>
/// Short runs of plans with known seeds: Redis is killed and frozen, nodes are restarted and frozen, agents are killed. No seed kills the
/// node of a queue: docs/reliability.md says what that would find.
/// </summary>
public sealed class ChaosSpecs : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("morag-chaos-");

    [RequiresRedisServerTheory]
    [InlineData(4u)]
    [InlineData(5u)]
    [InlineData(3u)]
    public async Task Should_keep_every_rule_when_processes_are_killed_frozen_and_restarted(uint seed)
    {
        var plan = ChaosPlan.Of(new ChaosSettings
        {
            Seed = seed,
            Nodes = 2,
            Agents = 4,
            Length = TimeSpan.FromSeconds(12),
            LongestFreeze = TimeSpan.FromSeconds(6),
        });

        var result = await ChaosRun.OfAsync(plan, folder.FullName);

        Assert.False(result.IsBad, result.Report());
    }

    public void Dispose() => folder.Delete(recursive: true);
}
