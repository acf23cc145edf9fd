using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Sizes;

/// <summary>
/// Limits the size of a reason. The HTTP endpoints check it first. A call from elsewhere, such as a cluster client, is rejected before its
/// reason becomes part of an event.
/// </summary>
public static class ReasonRules
{
    /// <summary>Why a call is rejected, with the limit; null if its reason is short enough or it has none.</summary>
    public static Refused? Refusal(object command) => command switch
    {
        CancelTask call => Refusal(call.Reason),
        CancelTasks call => Refusal(call.Reason),
        RequeueTask call => Refusal(call.Reason),
        RequeueTasks call => Refusal(call.Reason),
        ReleaseLeases call => Refusal(call.Reason),
        ChangeTasks call => Refusal(call.Order.Reason),
        DrainWorker call => Refusal(call.Reason),
        TakeWorkerOffline call => Refusal(call.Reason),
        SetBreaker call => Refusal(call.Reason),
        PauseQueue call => Refusal(call.Reason),
        ResumeQueue call => Refusal(call.Reason),
        SetQueueLimits call => Refusal(call.Reason),
        SetAlertSettings call => Refusal(call.Reason),
        _ => null,
    };

    private static Refused? Refusal(string reason) =>
        TextBytes.BrokenRule(reason, CallLimits.MaxReasonBytes) is { } rule ? Refused.Invalid("reason", $"reason {rule}") : null;
}
