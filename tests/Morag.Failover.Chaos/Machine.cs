using Morag.Failover.Chaos.Clusters;
using Morag.Failover.Chaos.Faults;
using Morag.Failover.Chaos.Stores;
using Morag.Failover.TestProcesses.Networks;
using Morag.Redis.TestServers;

namespace Morag.Failover.Chaos;

/// <summary>What this machine can do.</summary>
internal static class Machine
{
    /// <summary>Whether network namespaces can be made here. With CI=true, it is only found out when they are made.</summary>
    public static bool MakesNamespaces => TestNetwork.SkipReason is null;

    /// <summary>Removes the faults that this machine cannot make, and says so.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="say">Gets one line for each kind that is removed.</param>
    public static ChaosPlan LeaveOutWhatCannotBeDone(ChaosPlan plan, Action<string> say)
    {
        var left = new List<Fault>();
        foreach (var kind in plan.Faults.GroupBy(fault => fault.Kind))
        {
            if (Obstacle(FaultTraits.Of(kind.Key).Need, plan.Settings.UsesProxies) is { } obstacle)
            {
                say($"NOT TESTED: {kind.Key}, {kind.Count()} of {plan.Faults.Count} faults: {obstacle}");
            }
            else
            {
                left.AddRange(kind);
            }
        }

        return plan with { Faults = [.. left.OrderBy(fault => fault.At)] };
    }

    private static string? Obstacle(FaultNeed need, bool usesProxies) => need switch
    {
        FaultNeed.Nothing or FaultNeed.Links or FaultNeed.Sentinel => RedisServer.SkipReason,
        FaultNeed.Namespaces when usesProxies => "it needs network namespaces; leave out --network proxies",
        FaultNeed.Namespaces => TestNetwork.SkipReason,
        FaultNeed.SmallDisk => SmallDisk.CanBeMounted() ? null : "a small disk needs root and mount",
        FaultNeed.FakeTime => NodeWallClock.Library is null ? "libfaketime is not installed (apt-get install faketime)" : null,
        _ => throw new ArgumentOutOfRangeException(nameof(need), need, "Not a need"),
    };
}
