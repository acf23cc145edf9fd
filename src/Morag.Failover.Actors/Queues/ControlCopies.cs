using Morag.Failover.Actors.Delivery;
using Morag.Failover.Actors.Metrics;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Queues;

/// <summary>
/// The copies of the queues' controls in the other partitions: sends them until they are acknowledged, and answers an operator once all
/// partitions have stored a change, or after a while with those that have not. Used by the partition that owns the controls.
/// </summary>
internal sealed class ControlCopies(int partitions, TimeSpan resendAfter, IFailoverRegions regions, IActorRef self)
{
    /// <summary>
    /// How long an operator waits for the other partitions. It is shorter than the time that a node allows an owner that may be down, or
    /// the operator would hear that the outcome is unknown.
    /// </summary>
    public static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1);

    // The timer that resends has the period resend-after; see QueueDeliveries.
    private const double ShareOfPeriod = 0.75;

    private readonly ResendSchedule<int> unacknowledged = new(resendAfter * ShareOfPeriod);
    private readonly SortedSet<int> behind = [];
    private readonly List<Caller> waiting = [];
    private ControlledQueues controls = ControlledQueues.None;

    /// <summary>The partitions that have not stored the latest change yet, by persistence id.</summary>
    public ImmutableArray<string> NotYetOn => [.. behind.Select(PersistenceIds.Queue)];

    /// <summary>
    /// Starts with the controls that the owner has recovered. If it has none, the copies are asked once, because they may have some that
    /// the owner's store has lost.
    /// </summary>
    public void Resume(ControlledQueues recovered, DateTimeOffset now)
    {
        if (recovered.Revision > 0)
        {
            Publish(recovered, now);
            return;
        }

        for (var partition = 0; partition < partitions; partition++)
        {
            if (partition != QueueControlReport.OwnerPartition)
            {
                Send(partition);
            }
        }
    }

    /// <summary>Sends durable controls to every other partition.</summary>
    public void Publish(ControlledQueues durable, DateTimeOffset now)
    {
        controls = durable;
        for (var partition = 0; partition < partitions; partition++)
        {
            if (partition != QueueControlReport.OwnerPartition)
            {
                behind.Add(partition);
                unacknowledged.MarkSent(partition, now);
                Send(partition);
            }
        }
    }

    /// <summary>
    /// Answers the operator once every partition has stored the latest change, or at <see cref="AnswerOverdue"/>.
    /// </summary>
    public void Answer(IActorRef caller, QueueControlReport report)
    {
        if (behind.Count == 0)
        {
            caller.Tell(report, self);
        }
        else
        {
            waiting.Add(new Caller(caller, report, controls.Revision));
        }
    }

    /// <summary>A partition has stored the controls up to a change.</summary>
    public void Acknowledge(QueueControlsApplied applied)
    {
        if (applied.Revision < controls.Revision)
        {
            return;
        }

        behind.Remove(applied.From);
        unacknowledged.Acknowledge(applied.From);
        if (behind.Count == 0)
        {
            AnswerAll(_ => true);
        }
    }

    /// <summary>Sends again what was not acknowledged.</summary>
    public void ResendDue(DateTimeOffset now) => unacknowledged.ResendDue(now, partition =>
    {
        Send(partition);
        return ResendMetrics.Count(ResendMetrics.QueueControls);
    });

    /// <summary>
    /// Answers the operators who changed controls up to a change, because they have waited for <see cref="AnswerWithin"/>.
    /// </summary>
    public void AnswerOverdue(long revision) => AnswerAll(caller => caller.Revision <= revision);

    /// <summary>Answers everybody who waits, because the partition stops. The changes are durable.</summary>
    public void AnswerAll() => AnswerAll(_ => true);

    private void AnswerAll(Predicate<Caller> which)
    {
        foreach (var caller in waiting.FindAll(which))
        {
            caller.Actor.Tell(caller.Report with { NotYetOn = NotYetOn }, self);
        }

        waiting.RemoveAll(which);
    }

    private void Send(int partition) => regions.Queues.Tell(
        new ApplyQueueControls { Partition = partition, Revision = controls.Revision, Queues = controls.Queues }, self);

    private sealed record Caller(IActorRef Actor, QueueControlReport Report, long Revision);
}
