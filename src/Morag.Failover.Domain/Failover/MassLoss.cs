using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover;

/// <summary>
/// Checks whether the loss of a worker is one of many with a common cause, such as a rack without power. Such a loss is not counted against
/// the task. All workers that were lost while they ran this task count as one, because the task may have killed them: a document that takes
/// down three hosts within a minute must not be taken for a power cut.
/// </summary>
internal sealed class MassLoss
{
    private readonly PolicySettings settings;
    private readonly ILookup<WorkerId, RecentLoss> byWorker;
    private readonly ImmutableArray<RecentLoss> others;

    public MassLoss(FailureCase failure, PolicySettings settings)
    {
        this.settings = settings;
        var lostUnderTask = failure.Task.History
            .Where(earlier => FailureTypes.Of(earlier.FailureType).Poison == PoisonEvidence.WorkerLoss && earlier.WorkerId is not null)
            .Select(earlier => earlier.WorkerId!.Value)
            .Concat(failure.Failure.WorkerId is { } worker ? [worker] : [])
            .ToHashSet();
        var losses = failure.Fleet.Slices.Values.SelectMany(slice => slice.RecentLosses).ToList();
        byWorker = losses.Where(loss => lostUnderTask.Contains(loss.WorkerId)).ToLookup(loss => loss.WorkerId);
        others = [.. losses.Where(loss => !lostUnderTask.Contains(loss.WorkerId)).OrderBy(loss => loss.At)];
    }

    /// <summary>Whether the worker, whose lease ended at that time, was lost together with enough other workers.</summary>
    public bool Includes(WorkerId worker, DateTimeOffset leaseEnded)
    {
        var lost = LossOf(worker, leaseEnded);
        var window = settings.MassLossWindow;
        var near = others.Where(loss => loss.At >= lost - window && loss.At <= lost + window).ToList();

        // The window with the most losses around this one starts at an earlier loss or at this one.
        return near.Select(loss => loss.At).Where(at => at < lost).Append(lost).Any(from =>
            near.Where(loss => loss.At >= from && loss.At <= from + window).Select(loss => loss.WorkerId).Distinct().Count() + 1
                >= settings.MassLossWorkers);
    }

    /// <summary>A lease may end long after its worker was lost. The time of the loss counts.</summary>
    private DateTimeOffset LossOf(WorkerId worker, DateTimeOffset leaseEnded) =>
        byWorker[worker].Where(loss => loss.At <= leaseEnded).Select(loss => loss.At).DefaultIfEmpty(leaseEnded).Max();
}
