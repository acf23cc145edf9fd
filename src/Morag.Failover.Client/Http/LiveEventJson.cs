using System.Text.Json;
using Morag.Failover.Client.Connection;
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
                LiveEventNames.Failure => new LiveFailure { Failure = Parse<FailureEvent>(received) },
                LiveEventNames.Decision => new LiveDecision { Decision = Parse<FailoverDecision>(received) },
                LiveEventNames.Resolved => new LiveResolved { Resolved = Parse<DecisionResolved>(received) },
                LiveEventNames.Breaker => new LiveBreaker { Change = Parse<BreakerChanged>(received) },
                LiveEventNames.Worker => new LiveWorker { Change = Parse<WorkerChanged>(received) },
                _ => new LiveUnknown { Kind = received.Kind, Data = received.Data },
            };
        }
        catch (Exception failure) when (UnreadableAnswer.Explains(failure))
        {
            return new LiveUnknown { Kind = received.Kind, Data = received.Data, Problem = failure.Message };
        }
    }

    private static T Parse<T>(ServerEvent received) =>
        JsonSerializer.Deserialize<T>(received.Data, AnswerJson.Options) ?? throw new JsonException("it is null");
}
