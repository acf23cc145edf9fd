using System.Runtime.CompilerServices;
using Akka.Event;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Actors.Hosting;

/// <summary>
/// Sends calls again that did not reach their owner because it was moving to another node. A region drops what it has buffered when a
/// shard leaves it, and an owner that stops leaves what is in its mailbox. Without this, the callers would wait for their timeout. Calls
/// in the mailbox of an owner that failed are sent again too. Nothing of a dropped call has been carried out, so every call can be sent
/// again, even a demand for leases.
/// </summary>
/// <remarks>
/// The order of calls can change. Only calls from outside are sent again, each of which has its own sender and stands for itself. Owners
/// repeat their messages to each other themselves.
/// </remarks>
internal sealed class UndeliveredCalls : UntypedActor
{
    /// <summary>How often one call is sent again. The first time is at once, because the region asks for the new home.</summary>
    internal const int MaxAttempts = 20;

    /// <summary>The pause before each further attempt, while a region still points to a node that is gone.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private const string OwnersFolder = "sharding";

    private readonly IFailoverRegions regions;

    // By reference, and gone with the message.
    private readonly ConditionalWeakTable<object, StrongBox<int>> attempts = new();

    public UndeliveredCalls(IFailoverRegions regions) => this.regions = regions;

    /// <summary>The region of the owner that a call is for; null for any message that is not a call.</summary>
    internal static IActorRef? RegionOf(object message, IFailoverRegions regions) => message switch
    {
        ReportFailure or AwaitDecision or ForeseeDecision or GetTaskDecisions or ListFailures or ListStaleReports or GetFailureStatistics
            or ListAudit =>
            regions.Coordinators,
        _ when message.GetType().Assembly != typeof(IWireMessage).Assembly => null,
        IAlertMessage => regions.Alerts,
        IPartitionMessage or ITaskMessage => regions.Queues,
        IWorkerMessage => regions.Workers,
        IBucketMessage => regions.Directory,
        _ => null,
    };

    /// <inheritdoc />
    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(DeadLetter));

    /// <inheritdoc />
    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case DeadLetter { Message: Dropped dropped }:
                SendAgain(dropped.Message, dropped.Sender);
                break;
            case DeadLetter lost:
                SendAgain(lost.Message, lost.Sender);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void SendAgain(object message, IActorRef? sender)
    {
        if (sender is null || !IsCaller(sender) || RegionOf(message, regions) is not { } region)
        {
            return;
        }

        var attempt = attempts.GetOrCreateValue(message);
        attempt.Value++;
        if (attempt.Value == 1)
        {
            region.Tell(message, sender);
        }
        else if (attempt.Value <= MaxAttempts)
        {
            Context.System.Scheduler.ScheduleTellOnce(Pause, region, message, sender);
        }
    }

    /// <summary>Whether an actor is a caller from outside, rather than an owner, a region, or nobody.</summary>
    private static bool IsCaller(IActorRef sender) =>
        !sender.IsNobody() && !sender.Equals(Context.System.DeadLetters) && !sender.Path.Elements.Contains(OwnersFolder);
}
