using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Live;

namespace Morag.Failover.Client.Http;

/// <summary>Reads the events of <c>GET /api/v1/events</c>.</summary>
internal static class LiveEventJson
{
    /// <summary>The event. One that a newer node sends, or that cannot be read, is a <see cref="LiveUnknown"/>.</summary>
    public static LiveEvent Read(ServerEvent received)
    {
        try
        {
            return received.Kind switch
            {
                LiveEventNames.Failure => new LiveFailure { Failure = AnswerJson.Parse<FailureEvent>(received) },
                LiveEventNames.Decision => new LiveDecision { Decision = AnswerJson.Parse<FailoverDecision>(received) },
                LiveEventNames.Resolved => new LiveResolved { Resolved = AnswerJson.Parse<DecisionResolved>(received) },
                LiveEventNames.Breaker => new LiveBreaker { Change = AnswerJson.Parse<BreakerChanged>(received) },
                LiveEventNames.Alert => new LiveAlert { Alert = AnswerJson.Parse<Alert>(received) },
                LiveEventNames.Worker => new LiveWorker { Change = AnswerJson.Parse<WorkerChanged>(received) },
                _ => new LiveUnknown { Kind = received.Kind, Data = received.Data },
            };
        }
        catch (Exception failure) when (UnreadableAnswer.Explains(failure))
        {
            return new LiveUnknown { Kind = received.Kind, Data = received.Data, Problem = failure.Message };
        }
    }
}
