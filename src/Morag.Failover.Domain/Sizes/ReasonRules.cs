using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Sizes;

/// <summary>
/// How long a reason may be. The HTTP endpoints check it first; a call that comes from elsewhere, such as a cluster client, is refused
/// before its reason becomes part of events.
/// </summary>
public static class ReasonRules
{
    /// <summary>Why a call with a reason is refused, naming the limit; null where it is not.</summary>
    public static Refused? Refusal(object command) => command switch
    {
        CancelTask call => Refusal(call.Reason),
        CancelTasks call => Refusal(call.Reason),
        RequeueTask call => Refusal(call.Reason),
        RequeueTasks call => Refusal(call.Reason),
        ReleaseLeases call => Refusal(call.Reason),
        DrainWorker call => Refusal(call.Reason),
        TakeWorkerOffline call => Refusal(call.Reason),
        SetBreaker call => Refusal(call.Reason),
        _ => null,
    };

    private static Refused? Refusal(string reason) =>
        TextBytes.BrokenRule(reason, CallLimits.MaxReasonBytes) is { } rule ? Refused.Invalid("reason", $"reason {rule}") : null;
}
