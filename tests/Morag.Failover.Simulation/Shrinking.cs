using System.Diagnostics;

namespace Morag.Failover.Simulation;

/// <summary>Drops the faults that a failure does not need.</summary>
internal static class Shrinking
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    /// <summary>The same simulation with as few faults as it takes to break one of the same rules, or to log an error.</summary>
    public static SimulationResult Shrink(SimulationResult failed, Action<string> progress)
    {
        var clock = Stopwatch.StartNew();
        for (var size = Math.Max(1, failed.Plan.Faults.Length / 2); clock.Elapsed < Longest; size = Math.Max(1, size / 2))
        {
            var before = failed.Plan.Faults.Length;
            for (var from = 0; from < failed.Plan.Faults.Length && clock.Elapsed < Longest;)
            {
                var count = Math.Min(size, failed.Plan.Faults.Length - from);
                var smaller = SimulationRun.Of(failed.Plan with { Faults = failed.Plan.Faults.RemoveRange(from, count) });
                if (smaller.FailsLike(failed))
                {
                    failed = smaller;
                }
                else
                {
                    from += count;
                }
            }

            progress($"{failed.Plan.Faults.Length} faults left");
            if (size == 1 && failed.Plan.Faults.Length == before)
            {
                break;
            }
        }

        return failed;
    }
}
