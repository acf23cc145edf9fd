using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Fleet;

/// <summary>Tells why live workers cannot take leases.</summary>
internal static class Availability
{
    /// <summary>A count of one under the reason why the worker cannot take leases; null if it can.</summary>
    public static UnavailableWorkers? Obstacle(WorkerEntry entry) => entry switch
    {
        { Draining: true } => new() { Draining = 1 },
        { BreakerState: BreakerState.Open } => new() { BreakerOpen = 1 },
        { Status: WorkerStatus.Error } => new() { Error = 1 },
        { Liveness: not Liveness.Alive } => new() { Suspect = 1 },
        _ => null,
    };

    /// <summary>Adds <paramref name="times"/> times the other counts.</summary>
    public static UnavailableWorkers Plus(this UnavailableWorkers counts, UnavailableWorkers others, int times = 1) => new()
    {
        Draining = counts.Draining + (others.Draining * times),
        BreakerOpen = counts.BreakerOpen + (others.BreakerOpen * times),
        Error = counts.Error + (others.Error * times),
        Suspect = counts.Suspect + (others.Suspect * times),
    };

    /// <summary>Describes the counts, such as "2 draining, 1 with an open breaker".</summary>
    public static string InWords(this UnavailableWorkers counts) => string.Join(
        ", ",
        from reason in new (int Count, string Words)[]
        {
            (counts.Draining, "draining"),
            (counts.BreakerOpen, "with an open breaker"),
            (counts.Error, "in error"),
            (counts.Suspect, "suspect"),
        }
        where reason.Count > 0
        select string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{reason.Count} {reason.Words}"));
}
