using System.Globalization;

namespace Morag.Failover.Domain.Nodes;

/// <summary>
/// By how much a node stretches the timeouts of workers because it is slow itself and may handle their signs of life late. A detector that
/// suspects itself before others is the idea of Lifeguard (Dadgar, Phillips and Currey, arXiv 1707.00788: the probe timeout of SWIM is
/// multiplied by 1 to 9, by a counter of the member's own missed deadlines) and of the local health monitor of Orleans, which scores
/// late timers, thread pool delays and pauses of garbage collection from 0 to 8 and extends its probe timeout by the score.
/// </summary>
/// <param name="Extra">The stretch above 1, 0 to 7.</param>
/// <param name="Reason">What made the node slow; null if nothing did.</param>
public readonly record struct Patience(double Extra, string? Reason)
{
    /// <summary>The largest factor.</summary>
    public const double MaxFactor = 8;

    /// <summary>Delays of timers, the scheduler and garbage collection that a busy machine has all the time.</summary>
    private static readonly TimeSpan UsualLag = TimeSpan.FromMilliseconds(250);

    /// <summary>A store that syncs each write to a busy disk takes this long at times.</summary>
    private static readonly TimeSpan UsualJournalLatency = TimeSpan.FromSeconds(1);

    private const double PerMissedTimer = 0.25;

    /// <summary>The factor by which timeouts are stretched, 1 to 8.</summary>
    public double Factor => 1 + Extra;

    /// <summary>
    /// The patience of a node under strain. Each second of a delay above what is usual adds 1 to the factor, and each missed timer after
    /// the first adds 0.25. Only the worst kind counts, because one cause shows in several. Factor = min(8, 1 + worst excess in seconds).
    /// </summary>
    public static Patience Of(NodeStrain strain)
    {
        var worst = default(Patience);
        Consider(Excess(strain.TimerLag, UsualLag), "timers ran {0:0.##} s late", strain.TimerLag.TotalSeconds);
        Consider(Math.Max(0, strain.MissedTimers - 1) * PerMissedTimer, "{0} timers were skipped", strain.MissedTimers);
        Consider(Excess(strain.SchedulerLag, UsualLag), "scheduled messages came {0:0.##} s late", strain.SchedulerLag.TotalSeconds);
        Consider(Excess(strain.GcPause, UsualLag), "garbage collection paused the node for {0:0.##} s", strain.GcPause.TotalSeconds);
        Consider(
            Excess(strain.JournalLatency, UsualJournalLatency), "the journal took {0:0.##} s to write", strain.JournalLatency.TotalSeconds);
        return worst;

        void Consider(double extra, string reason, double value)
        {
            if (extra > worst.Extra)
            {
                worst = new(Math.Min(extra, MaxFactor - 1), string.Format(CultureInfo.InvariantCulture, reason, value));
            }
        }
    }

    /// <summary>The larger of two.</summary>
    public static Patience Larger(Patience left, Patience right) => right.Extra > left.Extra ? right : left;

    /// <summary>A timeout, stretched.</summary>
    public TimeSpan Stretch(TimeSpan timeout) => timeout * Factor;

    private static double Excess(TimeSpan delay, TimeSpan usual) => Math.Max(0, (delay - usual).TotalSeconds);
}
