using Morag.Redis.TestServers;
using Xunit;

namespace Morag.Failover.Chaos.Specs;

/// <summary>
/// Short runs of plans with known seeds: Redis is killed and frozen, nodes are killed, restarted, frozen and cut off, agents are killed.
/// Seed 8 kills the node of a queue while the leases that it granted are on their way to the agents.
/// </summary>
public sealed class ChaosSpecs : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("morag-chaos-");

    [RequiresRedisServerTheory]
    [InlineData("processes", 4u)]
    [InlineData("processes", 5u)]
    [InlineData("processes", 8u)]
    [InlineData("partitions", 1u)]
    public async Task Should_keep_every_rule_through_a_plan_of_faults(string profile, uint seed)
    {
        var plan = ChaosPlan.Of(new ChaosSettings
        {
            Seed = seed,
            Profile = ChaosProfile.Find(profile)!,
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
