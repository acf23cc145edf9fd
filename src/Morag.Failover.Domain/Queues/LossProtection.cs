using System.Globalization;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// How long a lost worker keeps a task, in silence since its last sign of life. The longer the lease has run, and the more of the work is
/// done, the more would be lost:
/// <code>min(workers.timeout, lease-protection * time it has run) * (1 + progress-protection * part that is done)</code>
/// Only progress that this lease has reported counts: another attempt's work is lost already, or in its checkpoint.
/// </summary>
/// <param name="Time">How long.</param>
/// <param name="Ran">How long the lease has run.</param>
/// <param name="Share">The share of that time, <c>lease-protection</c>.</param>
/// <param name="Most">The most that the share counts, <c>workers.timeout</c>.</param>
/// <param name="Percent">The part of the work that is done, 0 to 100; null if the lease has not reported it.</param>
public readonly record struct LossProtection(TimeSpan Time, TimeSpan Ran, double Share, TimeSpan Most, double? Percent)
{
    public static LossProtection Of(TaskRecord task, FailoverSettings settings, DateTimeOffset now)
    {
        var lease = task.Lease!;
        var ran = now - lease.GrantedAt;
        var (share, most) = (settings.Queues.LeaseProtection, settings.Workers.Timeout);
        var earned = ran * share;
        var percent = task.Progress is { } progress && progress.Epoch == lease.Epoch ? progress.Percent : null;
        var factor = 1 + (settings.Queues.ProgressProtection * (percent ?? 0) / 100);
        return new((earned < most ? earned : most) * factor, ran, share, most, percent);
    }

    /// <summary>The rule with its numbers, as it follows the reason of a loss.</summary>
    public override string ToString()
    {
        var share = string.Create(CultureInfo.InvariantCulture, $"{Share * 100:0.##}% of the {Seconds(Ran)} it has run");
        var limit = Ran * Share > Most ? $", at most {Seconds(Most)}" : "";
        var more = Percent is > 0 and { } percent && Time > (Ran * Share < Most ? Ran * Share : Most)
            ? string.Create(CultureInfo.InvariantCulture, $", and more because {percent:0.#}% is done")
            : "";
        return $"the task stays with its silent worker for {Seconds(Time)} ({share}{limit}{more})";
    }

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:#,0.#} s");
}
