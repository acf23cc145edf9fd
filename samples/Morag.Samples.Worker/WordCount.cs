using System.Text.Json;
using Morag.Failover.Contracts.Wire;

namespace Morag.Samples.Worker;

/// <summary>The work itself: counts the words of <c>{"text": "..."}</c>. Put your own work here.</summary>
internal static class WordCount
{
    /// <exception cref="JsonException">The payload has no text.</exception>
    public static object Run(JsonText payload, CancellationToken leased)
    {
        leased.ThrowIfCancellationRequested();
        using var json = payload.Parse();
        if (json.RootElement.ValueKind != JsonValueKind.Object
            || !json.RootElement.TryGetProperty("text", out var text)
            || text.ValueKind != JsonValueKind.String)
        {
            throw new JsonException("""The payload must be an object with a text, such as {"text": "to be or not to be"}.""");
        }

        var words = text.GetString()!.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return new { words = words.Length, distinct = words.Distinct(StringComparer.OrdinalIgnoreCase).Count() };
    }
}
