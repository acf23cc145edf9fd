using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover;

/// <summary>
/// Whether a loss is one of many with a common cause, such as a rack without power: then it says nothing about the task that was
/// running. The workers on which this very task was lost count as one, since it may have killed them all: a document that takes
/// down three hosts within a minute must not pass for a power cut.
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

    /// <summary>Whether the worker, whose lease ended at that time, was lost together with enough others.</summary>
    public bool Includes(WorkerId worker, DateTimeOffset leaseEnded)
    {
        var lost = LossOf(worker, leaseEnded);
        var window = settings.MassLossWindow;
        var near = others.Where(loss => loss.At >= lost - window && loss.At <= lost + window).ToList();

        // Each window that holds the loss and could hold the most others begins with one of those before it, or with itself.
        return near.Select(loss => loss.At).Where(at => at < lost).Append(lost).Any(from =>
            near.Where(loss => loss.At >= from && loss.At <= from + window).Select(loss => loss.WorkerId).Distinct().Count() + 1
                >= settings.MassLossWorkers);
    }

    /// <summary>A long lease outlasts the loss of its worker for a while: the time of the loss itself is what counts.</summary>
    private DateTimeOffset LossOf(WorkerId worker, DateTimeOffset leaseEnded) =>
        byWorker[worker].Where(loss => loss.At <= leaseEnded).Select(loss => loss.At).DefaultIfEmpty(leaseEnded).Max();
}
