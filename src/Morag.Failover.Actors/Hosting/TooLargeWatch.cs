using System.Diagnostics.Metrics;
using Morag.Failover.Actors.Metrics;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Actors.Hosting;

/// <summary>
/// Reports values above the size limit, in the log and in the counter <c>morag.values.too_large</c>. Gives back the leases of a
/// grant that was too large to deliver, because the worker never learns of them.
/// </summary>
internal sealed class TooLargeWatch : UntypedActor
{
    private static readonly Counter<long> Count = FailoverMeter.Counter(FailoverMetrics.ValuesTooLarge);

    private readonly IActorRef queues;
    private readonly ILoggingAdapter log = Context.GetLogger();

    /// <param name="queues">The region of the queue partitions.</param>
    public TooLargeWatch(IActorRef queues)
    {
        this.queues = queues;
        Context.System.EventStream.Subscribe(Self, typeof(ValueTooLarge));
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        if (message is not ValueTooLarge tooLarge)
        {
            Unhandled(message);
            return;
        }

        Count.Add(1, new KeyValuePair<string, object?>(MetricLabels.Message, tooLarge.Manifest));
        if (tooLarge.Value is LeasesGranted { WorkerId: { } worker } granted)
        {
            log.Error(
                "{Value}. It was not sent. The {Leases} leases that it granted to worker {WorkerId} are given back.",
                tooLarge,
                granted.Leases.Length,
                worker);
            GiveBack(granted, worker);
        }
        else
        {
            log.Error(
                tooLarge.Value is IWireMessage
                    ? "{Value}. It was not sent. Please report this defect."
                    : "{Value}. It was stored. Please report this defect.",
                tooLarge);
        }
    }

    private void GiveBack(LeasesGranted granted, WorkerId worker)
    {
        foreach (var leases in granted.Leases.Chunk(CallLimits.MaxEntries))
        {
            queues.Tell(new ReleaseLeases
            {
                Partition = granted.Partition,
                WorkerId = worker,
                Leases = [.. leases.Select(lease => new LeaseRef { TaskId = lease.TaskId, Epoch = lease.Epoch })],
                Reason = "the grant was too large to deliver to the worker",
            });
        }
    }
}
