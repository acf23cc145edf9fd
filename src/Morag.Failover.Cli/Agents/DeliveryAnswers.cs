using System.Net;
using System.Text.Json;

namespace Morag.Failover.Cli.Agents;

/// <summary>Reads the node's answer to one outcome of a batch.</summary>
internal static class DeliveryAnswers
{
    /// <summary>An answer without a status is a success; a refusal carries the status that it would have had as a call of its own.</summary>
    public static DeliveryAnswer Read(JsonElement answer)
    {
        var status = Number(answer, "status") is { } code ? (HttpStatusCode)code : HttpStatusCode.OK;
        return (int)status switch
        {
            >= 200 and < 300 => new DeliveryAnswer(Delivery.Accepted, Strategy(answer)),
            404 or 409 or 410 => new DeliveryAnswer(Delivery.Late, Detail(answer)),
            401 or 408 or 429 or >= 500 => new DeliveryAnswer(Delivery.TryAgain, Detail(answer)),
            _ => new DeliveryAnswer(Delivery.Invalid, Detail(answer)),
        };
    }

    private static string Strategy(JsonElement answer) =>
        Find(answer, "selected_action") is { } action && Find(action, "strategy") is { } strategy ? $": {strategy}" : "";

    private static string Detail(JsonElement answer)
    {
        foreach (var name in new[] { "detail", "message", "title", "error" })
        {
            if (Find(answer, name) is { ValueKind: JsonValueKind.String } text)
            {
                return text.GetString()!;
            }
        }

        return answer.GetRawText();
    }

    private static int? Number(JsonElement value, string name) =>
        Find(value, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var whole) ? whole : null;

    // Directly in the answer, or in one of its objects (the decision, the problem).
    private static JsonElement? Find(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        if (value.TryGetProperty(name, out var found))
        {
            return found;
        }

        foreach (var part in value.EnumerateObject())
        {
            if (part.Value.ValueKind == JsonValueKind.Object && part.Value.TryGetProperty(name, out found))
            {
                return found;
            }
        }

        return null;
    }
}
