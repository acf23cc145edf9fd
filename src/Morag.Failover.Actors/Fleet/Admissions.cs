using System.Globalization;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Fleet;

/// <summary>
/// Limits the registered workers of one bucket. A place is reserved for a worker from its admission until its entry arrives. Not stored: a
/// restart frees only the places of workers that are registering at that moment.
/// </summary>
internal sealed class Admissions(FailoverSettings settings)
{
    /// <summary>How long a place is reserved. A registration that takes longer has failed.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(30);

    private readonly Dictionary<WorkerId, DateTimeOffset> registering = [];
    private readonly Queue<(WorkerId Worker, DateTimeOffset Until)> ends = new();

    /// <summary>The most workers of one bucket: its share of <c>max-registered</c>, rounded up.</summary>
    private int Places => (int)Math.Ceiling((double)settings.Workers.MaxRegistered / settings.Partitions.DirectoryBuckets);

    /// <summary>Admits or rejects a worker that wants to register.</summary>
    public IWireMessage Answer(AdmitWorker question, DirectoryState directory, DateTimeOffset now)
    {
        Expire(now);
        if (directory.IsRegistered(question.WorkerId) || registering.ContainsKey(question.WorkerId))
        {
            return Done.Instance;
        }

        if (directory.Tally.Counts().TotalWorkers + registering.Count >= Places)
        {
            return Refused.LimitReached(string.Create(
                CultureInfo.InvariantCulture,
                $"the worker '{question.WorkerId}' cannot register: its directory bucket has {Places:N0} of the ")
                + string.Create(CultureInfo.InvariantCulture, $"{settings.Workers.MaxRegistered:N0} places, and none is free; ")
                + "offline workers keep theirs. Unregister workers that do not come back, or raise morag.failover.workers.max-registered.");
        }

        registering[question.WorkerId] = now + Kept;
        ends.Enqueue((question.WorkerId, now + Kept));
        return Done.Instance;
    }

    /// <summary>Whether a worker is registering, so that its entry is about to arrive.</summary>
    public bool Expects(WorkerId worker, DateTimeOffset now)
    {
        Expire(now);
        return registering.ContainsKey(worker);
    }

    /// <summary>Records that the worker's entry has arrived.</summary>
    public void Entered(WorkerId worker) => registering.Remove(worker);

    private void Expire(DateTimeOffset now)
    {
        while (ends.TryPeek(out var first) && first.Until <= now)
        {
            _ = ends.Dequeue();
            if (registering.TryGetValue(first.Worker, out var until) && until <= now)
            {
                registering.Remove(first.Worker);
            }
        }
    }
}
