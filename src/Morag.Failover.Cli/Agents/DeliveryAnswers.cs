using System.Net;
using System.Text.Json;
using Morag.Failover.Client.Connection;

namespace Morag.Failover.Cli.Agents;

/// <summary>Reads the node's answer to one outcome: accepted, with the decision for a failure, or an error.</summary>
internal static class DeliveryAnswers
{
    /// <summary>Reads an answer. One that cannot be read does not confirm the outcome, so it is sent again.</summary>
    public static DeliveryAnswer Read(JsonElement answer)
    {
        try
        {
            return ReadAnswer(answer);
        }
        catch (Exception failure) when (UnreadableAnswer.Explains(failure))
        {
            return new DeliveryAnswer(Delivery.TryAgain, $"the node's answer cannot be read: {failure.Message}");
        }
    }

    private static DeliveryAnswer ReadAnswer(JsonElement answer)
    {
        if (answer.TryGetProperty("accepted", out var accepted) && accepted.ValueKind == JsonValueKind.True)
        {
            return new DeliveryAnswer(Delivery.Accepted, Decision(answer));
        }

        var error = answer.TryGetProperty("error", out var details) && details.ValueKind == JsonValueKind.Object ? details : answer;
        var status = error.TryGetProperty("status", out var code) && code.TryGetInt32(out var number)
            ? (HttpStatusCode)number
            : HttpStatusCode.InternalServerError;
        var problem = NodeProblem.Read(status, error.GetRawText());
        return new DeliveryAnswer(
            status switch
            {
                HttpStatusCode.NotFound or HttpStatusCode.Conflict or HttpStatusCode.Gone => Delivery.Late,
                HttpStatusCode.Unauthorized => Delivery.TryAgain,
                _ when problem.IsTransient => Delivery.TryAgain,
                _ => Delivery.Invalid,
            },
            problem.ToString());
    }

    private static string Decision(JsonElement answer) =>
        answer.TryGetProperty("decision", out var decision)
        && decision.ValueKind == JsonValueKind.Object
        && decision.TryGetProperty("selected_action", out var action)
        && action.TryGetProperty("strategy", out var strategy)
            ? $"; decision: {strategy}"
            : "";
}
